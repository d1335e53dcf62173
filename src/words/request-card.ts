import { textWidth, wrapText } from "../lib/width.ts";
import { agoWords, spanWords } from "./age.ts";
import {
  addressWords,
  clientKind,
  type DeviceWords,
  deviceName,
  quoted,
  quotedName,
  shown,
} from "./device.ts";
import { keyWords } from "./key.ts";
import { askWords, deviceOf, kindWords, type RequestRow } from "./request-kinds.ts";

/** What a person needs to know before they decide: a label, and what stands beside it. */
export type Fact = readonly [label: string, ...lines: string[]];

/** The facts of a request, cleaned, in the order in which they are shown. */
export function requestFacts(row: RequestRow, now: number): Fact[] {
  const device = deviceOf(row);
  const id = device.deviceId;
  const facts: (Fact | undefined)[] = [
    ["Code", shown(row.requestId)],
    [kindWords(row).label, quotedName(device), ...ownName(device)],
    ["Kind", clientKind(device)],
    ["From", addressWords(row.remoteIp), ...pageOf(row)],
    ...askFacts(row),
    ["Key", keyWords(id) || shown(id)],
    row.gatewayFingerprint === undefined ? undefined : ["Gateway", shown(row.gatewayFingerprint)],
    ["Asked", agoWords(row.ts, now)],
    row.expiresAtMs === undefined ? undefined : ["Expires", leftWords(row.expiresAtMs - now)],
  ];
  return facts.filter((fact) => fact !== undefined);
}

/** What the device calls itself, where the owner calls it something else. */
function ownName({ operatorLabel, ...own }: DeviceWords): string[] {
  const name = deviceName(own);
  const isOther = operatorLabel !== undefined && name !== deviceName({ ...own, operatorLabel });
  return isOther && own.displayName !== undefined ? [`calls itself ${quoted(name)}`] : [];
}

function pageOf({ browserOrigin }: RequestRow): string[] {
  return browserOrigin === undefined ? [] : [`on the page at ${shown(browserOrigin, 80)}`];
}

function leftWords(ms: number): string {
  return ms > 0 ? `in ${spanWords(ms)}` : "now";
}

function askFacts(row: RequestRow): Fact[] {
  const { asks, has, after, new: fresh, ends } = askWords(row);
  if (has === undefined || after === undefined) return [["Asks for", asks]];
  return [
    ...(asks === after ? [] : [["Asks for", asks] satisfies Fact]),
    ["Has now", has],
    ["Would have", after],
    ...(fresh === undefined ? [] : [["New", fresh] satisfies Fact]),
    ...(ends === undefined ? [] : [["Ends", ends] satisfies Fact]),
  ];
}

const GAP = 2;
/** Below this many columns for the words, they stand under their label. */
const NARROW = 20;

/**
 * A request as plain lines of at most `width` columns: a label and what it says. 40 columns, a phone's
 * terminal, are enough; so are fewer.
 */
export function cardLines(row: RequestRow, view: { now: number; width: number }): string[] {
  const facts = requestFacts(row, view.now);
  const labels = Math.max(...facts.map(([label]) => textWidth(label))) + GAP;
  const beside = view.width - labels >= NARROW;
  const room = Math.max(1, beside ? view.width - labels : view.width - GAP);
  return facts.flatMap(([label, ...texts]) => {
    const lines = texts.flatMap((text) => wholeWords(text, { room, width: view.width }));
    if (!beside) return [label, ...lines.map((line) => indented(line, GAP, view.width))];
    const [first = ""] = lines;
    // A key is compared, and a link opened, as a whole: it stands below its label where it must.
    if (textWidth(first) > room) lines.unshift("");
    return lines.map((line, i) => {
      if (i === 0) return (label.padEnd(labels) + line).trimEnd();
      return indented(line, labels, view.width);
    });
  });
}

/** Lines of at most `room` columns; a word that needs more has a line of its own, up to `width`. */
function wholeWords(text: string, { room, width }: { room: number; width: number }): string[] {
  const lines: string[] = [];
  let open: string[] = [];
  const close = () => {
    if (open.length > 0) lines.push(...wrapText(open.join(" "), room));
    open = [];
  };
  for (const word of text.split(" ")) {
    const taken = textWidth(word);
    if (taken <= room || taken > width) {
      open.push(word);
      continue;
    }
    close();
    lines.push(word);
  }
  close();
  return lines;
}

/** Indents a line by `indent` columns, or by as many as leave room for its words. */
function indented(line: string, indent: number, width: number): string {
  return " ".repeat(Math.max(0, Math.min(indent, width - textWidth(line)))) + line;
}
