/**
 * How long a server asks to be left alone, in milliseconds: the header `Retry-After` of RFC 9110, 10.2.3.
 * It holds whole seconds or a date; seconds with decimals (`64.57`), which some servers send, count too.
 * `undefined` for anything else. What the wait is bounded by is for the caller to say.
 * @param now wall clock, milliseconds
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const at = httpDate(text, now);
  return at === undefined ? undefined : Math.max(0, at - now);
}

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
const TIME = String.raw`(?<time>\d\d:\d\d:\d\d)`;

/** The three forms that a receiver must read (RFC 9110, 5.6.7); all of them are in UTC. */
const FORMS = [
  new RegExp(`^\\w{3}, (?<day>\\d\\d) (?<month>\\w{3}) (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^\\w{6,9}, (?<day>\\d\\d)-(?<month>\\w{3})-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^\\w{3} (?<month>\\w{3}) (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/** A date as HTTP writes it, in milliseconds since the epoch. `Date.parse` takes far too much for one. */
function httpDate(text: string, now: number): number | undefined {
  const found = FORMS.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  if (!found) return undefined;
  const { day, month = "", year = "", time = "" } = found;
  const place = MONTHS.indexOf(month);
  if (place < 0 || place % 3 !== 0) return undefined;
  const [hour, minute, second] = time.split(":").map(Number);
  const at = Date.UTC(fullYear(year, now), place / 3, Number(day), hour, minute, second);
  return Number.isNaN(at) ? undefined : at;
}

/** A year of two digits that would be more than 50 years ahead is one of the past (RFC 9110, 5.6.7). */
function fullYear(year: string, now: number): number {
  if (year.length === 4) return Number(year);
  const current = new Date(now).getUTCFullYear();
  const inCentury = current - (current % 100) + Number(year);
  return inCentury > current + 50 ? inCentury - 100 : inCentury;
}
