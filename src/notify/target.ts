import { firstLine } from "../lib/small-file.ts";
import { whyFailed } from "../lib/system-words.ts";
import { isUnresolved, UNRESOLVED } from "../lib/unresolved.ts";
import { shell } from "../protocol/command.ts";
import { edit, NotifyFailure, notSet } from "./failure.ts";
import type { Format } from "./formats.ts";

/** The webhook as it is configured. */
export interface WebhookSettings {
  readonly url?: string | undefined;
  /** A file whose first line is the URL; it wins over `url`. */
  readonly urlFile?: string | undefined;
  readonly headersFile?: string | undefined;
  readonly format: Format;
  /** What it may connect to besides public addresses. */
  readonly egress: readonly string[];
}

/** Where a message goes. */
export interface WebhookTarget {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads a file as text, bounded. Rejects with the system's error. */
export type ReadFile = (path: string) => Promise<string>;

interface Bounds {
  readonly notifyHeaders: number;
  readonly notifyFileBytes: number;
}

export function isSet({ url, urlFile }: Pick<WebhookSettings, "url" | "urlFile">): boolean {
  return url !== undefined || urlFile !== undefined;
}

/**
 * Reads the files of the webhook anew, so that another token counts from the next message on.
 * @throws NotifyFailure NOTIFY_NOT_SET, NOTIFY_FILE
 */
export async function readTarget(
  settings: WebhookSettings,
  read: ReadFile,
  bounds: Bounds,
): Promise<WebhookTarget> {
  const { url, urlFile, headersFile } = settings;
  if (urlFile === undefined && url === undefined) throw notSet();
  const headers =
    headersFile === undefined
      ? {}
      : parseHeaders(await open(headersFile, read, bounds), { path: headersFile, bounds });
  if (urlFile === undefined) return { url: new URL(url ?? ""), headers };
  return { url: urlIn(await open(urlFile, read, bounds), urlFile), headers };
}

async function open(path: string, read: ReadFile, { notifyFileBytes }: Bounds): Promise<string> {
  const text = await read(path).catch((error: NodeJS.ErrnoException) => {
    const { code } = error;
    const why = code === "EFTYPE" ? "it is not a file" : whyFailed(error);
    const next = shell`ls -lL ${path}`;
    throw new NotifyFailure("NOTIFY_FILE", `${path} can't be read: ${why}`, { next });
  });
  if (Buffer.byteLength(text) <= notifyFileBytes) return text;
  throw wrong(path, `it is longer than ${notifyFileBytes} bytes`);
}

function urlIn(text: string, path: string): URL {
  const line = firstLine(text) ?? "";
  if (isUnresolved(line)) throw wrong(path, `its first line is ${UNRESOLVED}`);
  if (/^https?:\/\//i.test(line) && URL.canParse(line)) return new URL(line);
  throw wrong(path, "its first line is no https:// or http:// URL");
}

const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
/** Headers that say how the request itself is sent. */
const OURS =
  /^(host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*)$/i;

/**
 * The headers of a file: one a line as `Name: value`; empty lines and those that begin with `#` do
 * not count. Problems name the line, never what stands in it.
 * @throws NotifyFailure NOTIFY_FILE
 */
export function parseHeaders(
  text: string,
  { path, bounds }: { path: string; bounds: Pick<Bounds, "notifyHeaders"> },
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name, value = ""] = HEADER.exec(line) ?? [];
    if (name === undefined)
      throw wrong(path, `line ${at + 1} is no “Name: value” in Latin letters`);
    if (OURS.test(name)) throw wrong(path, `line ${at + 1}: ${name} can't be set`);
    // Of "Bearer $TOKEN" each word counts.
    if ([value, ...value.split(/\s+/)].some(isUnresolved))
      throw wrong(path, `line ${at + 1} is ${UNRESOLVED}`);
    headers[name.toLowerCase()] = value;
  }
  if (Object.keys(headers).length <= bounds.notifyHeaders) return headers;
  throw wrong(path, `it holds more than ${bounds.notifyHeaders} headers`);
}

function wrong(path: string, why: string): NotifyFailure {
  return new NotifyFailure("NOTIFY_FILE", `${path}: ${why}`, { next: edit(path) });
}
