import { idOfWords } from "../../lib/key-words.ts";
import { isWholeCode, normalizeCode } from "../../lib/short-code.ts";
import { cleanText } from "../../lib/text.ts";
import type { DeviceWords } from "../wire.ts";

/** How a person's words fit what is listed. Only `exact` may be acted on without asking. */
export type Match<Row> =
  | { kind: "exact"; row: Row }
  | { kind: "likely"; rows: readonly Row[] }
  | { kind: "none" };

const FULL_ID = /^[0-9a-f]{64}$/;
const ID_PREFIX = /^[0-9a-f]{8,63}$/;
const SHORTEST_CODE_PREFIX = 4;
/** Hexadecimal digits in all the words that a key is shown in. */
const KEY_SHOWN = 16;

/** Whether the words are a whole code, however they were typed. */
export function looksLikeCode(typed: string): boolean {
  return isWholeCode(normalizeCode(typed) ?? "");
}

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
  const start = idOfWords(typed) ?? "";
  return start.length === KEY_SHOWN && row.deviceId.startsWith(start);
}

/** Which paired device is meant: an id or an unambiguous start of one, else a name. */
export function matchPaired<Row extends DeviceWords>(
  typed: string,
  rows: readonly Row[],
): Match<Row> {
  const found = rows.filter((row) => hasId(typed, row));
  const [row] = found;
  if (row && found.length === 1) return { kind: "exact", row };
  return likely(found.length > 1 ? found : rows.filter((row) => isNamed(typed, row)));
}

/** Whether a paired device's id is or begins with what was typed. */
export function hasId(typed: string, row: DeviceWords): boolean {
  const id = idOf(typed);
  return isFull(id, row) || isStart(id, row);
}

/** As ids are written: in full, in groups as `5E0A-91B2-…`, or as the words that keys are shown in. */
function idOf(typed: string): string {
  return idOfWords(typed) ?? typed.replace(/[\s-]/g, "").toLowerCase();
}

/** What to search for where there are too many rows to look at all: the id, else what was typed. */
export function searchWord(typed: string): string {
  const id = idOf(typed);
  return FULL_ID.test(id) || ID_PREFIX.test(id) ? id : typed.trim();
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

/** Whether its name is what was typed. */
export function isNamed(typed: string, row: DeviceWords): boolean {
  const wanted = cleanText(typed)?.toLowerCase();
  if (wanted === undefined) return false;
  const names = [cleanText(row.operatorLabel), cleanText(row.displayName)];
  return names.some((name) => name?.toLowerCase() === wanted);
}

/** Whether a whole device id was typed: it names who asks, and not what for. */
export function isDeviceId(words: readonly string[]): boolean {
  return FULL_ID.test(words.join(" ").trim().toLowerCase());
}
