import { cleanText } from "../../../lib/text.ts";
import { normalizeCode } from "../../../words/code.ts";
import { type DeviceWords, deviceName } from "../../../words/device.ts";
import { idOfWords } from "../../../words/key.ts";
import { foldTyped } from "../../../words/typed.ts";

/** How a person's words fit what is listed. Only `exact` may be acted on without asking. */
export type Match<Row> =
  | { kind: "exact"; row: Row }
  | { kind: "likely"; rows: readonly Row[] }
  | { kind: "none" };

const FULL_ID = /^[0-9a-f]{64}$/;
const ID_PREFIX = /^[0-9a-f]{4,63}$/;
const SHORTEST_CODE_PREFIX = 4;
/** Hexadecimal digits in all the words that a key is shown in. */
const KEY_SHOWN = 16;

/** Said where what was typed is no code. */
export const CODE_FORM = "a code looks like 7F3K-Q2MN, without the letters I, L, O and U";

/** Which request is meant: a whole code or device id, else the start of a code, else a name. */
export function matchPending<Row extends DeviceWords & { readonly requestId: string }>(
  words: readonly string[],
  rows: readonly Row[],
): Match<Row> {
  const typed = words.join(" ").trim();
  const code = normalizeCode(typed);
  const id = idOf(typed);
  const whole = rows.filter(
    (row) => (code !== undefined && row.requestId === code) || isFull(id, row),
  );
  const [row] = whole;
  if (row && whole.length === 1) return { kind: "exact", row };
  const starts = (row: Row) =>
    code !== undefined && code.length >= SHORTEST_CODE_PREFIX && row.requestId.startsWith(code);
  return likely(rows.filter((row) => starts(row) || hasKey(typed, row) || isNamed(typed, row)));
}

/** Whether all the words of its key were typed. They are not the whole key, so a person is asked. */
function hasKey(typed: string, row: DeviceWords): boolean {
  const start = idOfWords(foldTyped(typed)) ?? "";
  return start.length === KEY_SHOWN && row.deviceId.startsWith(start);
}

/**
 * Which paired device is meant: an id or an unambiguous start of one, else a name. A name that reads
 * as the start of another device's id makes neither of them certain.
 */
export function matchPaired<Row extends DeviceWords>(
  typed: string,
  rows: readonly Row[],
): Match<Row> {
  const whole = rows.find((row) => isFull(idOf(typed), row));
  if (whole) return { kind: "exact", row: whole };
  const found = rows.filter((row) => hasId(typed, row));
  const fits = rows.filter((row) => found.includes(row) || isNamed(typed, row));
  const [row] = found;
  return row && fits.length === 1 ? { kind: "exact", row } : likely(fits);
}

/** Whether a paired device's id is or begins with what was typed. */
export function hasId(typed: string, row: DeviceWords): boolean {
  const id = idOf(typed);
  return isFull(id, row) || isStart(id, row);
}

/**
 * The id in lower-case hex, from any way it is typed: in full, in groups as `5E0A-91B2-…`, or as
 * the words that keys are shown in.
 */
function idOf(typed: string): string {
  const text = foldTyped(typed);
  return idOfWords(text) ?? text.replace(/[ -]/g, "").toLowerCase();
}

/** What to search for where there are too many rows to look at all: the id, and what was typed. */
export function searchWords(typed: string): string[] {
  const id = idOf(typed);
  const name = typed.trim();
  if (FULL_ID.test(id)) return [id];
  return ID_PREFIX.test(id) && id !== name.toLowerCase() ? [id, name] : [name];
}

function likely<Row>(rows: readonly Row[]): Match<Row> {
  return rows.length > 0 ? { kind: "likely", rows } : { kind: "none" };
}

function isFull(id: string, row: DeviceWords): boolean {
  return FULL_ID.test(id) && row.deviceId === id;
}

function isStart(id: string, row: DeviceWords): boolean {
  return ID_PREFIX.test(id) && row.deviceId.startsWith(id);
}

/** Whether the device's name is what was typed. */
export function isNamed(typed: string, row: DeviceWords): boolean {
  const wanted = cleanText(typed)?.toLowerCase();
  if (wanted === undefined) return false;
  const names = [deviceName(row), cleanText(row.displayName)];
  return names.some((name) => name?.toLowerCase() === wanted);
}

/** Whether a whole device id was typed: it names who asks, and not what for. */
export function isDeviceId(words: readonly string[]): boolean {
  return FULL_ID.test(foldTyped(words.join(" ")).toLowerCase());
}
