import type { StrangerEvent, StrangerEvents } from "../events/stranger-events.ts";
import type { BoundedLog, LineLog } from "../lib/bounded-log.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Nodes } from "../nodes/nodes.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { ApprovalKind } from "../protocol/approve-line.ts";
import { openclaw } from "../protocol/command.ts";
import { plainText, say, type Text, typedFact } from "../protocol/text.ts";
import type { RequestEvent } from "../requests/part.ts";
import { type ApprovalRequest, askerOf, type Resolution } from "../requests/records.ts";
import { quotedName } from "../words/device.ts";
import { askWords, cutAsk, kindOf, kinds, type RequestRow } from "../words/request-kinds.ts";
import { requestRow } from "./requests.ts";

/** Where the lines about requests go, and what about them is only counted. */
export interface RequestLog {
  readonly log: Pick<LineLog, "info" | "warn">;
  readonly telemetry: {
    /** For lines that strangers can cause any number of. */
    readonly refusalLog: Pick<BoundedLog, "write">;
    count(metric: string): void;
    failed(message: string, facts: object): void;
  };
  /** How the command line is called here. */
  readonly command: string;
  readonly limits: Pick<Limits, "askChars">;
}

/** Where the news of requests go. */
export interface RequestNews extends RequestLog {
  readonly nodes: Nodes;
  readonly pairing: Pairing;
  readonly world: Pick<World, "now">;
  readonly events: Pick<StrangerEvents, "began" | "ended">;
}

/**
 * How the log lines about requests of a kind are named. `gone`: of ends without a decision, such as
 * `expired`; absent where these have no line.
 */
const lines: Readonly<Record<ApprovalKind, { requested: string; gone?: string }>> = {
  device: { requested: "pairing-requested", gone: "pairing" },
  node: { requested: "node-requested" },
};

/** Tells operators and the log who asks for what, with the command that allows it, and each end. */
export function requestNews(news: RequestNews): (event: RequestEvent) => void {
  return (event) => {
    if (event.name === "requested") requested(event.request, news);
    else resolved(event.request, event.why, news);
  };
}

function requested(request: ApprovalRequest, news: RequestNews): void {
  const { kind, requestId, remoteIp } = request;
  const { events, log } = kinds[kind];
  const row = requestRow(request, news);
  news.events.began({
    ...about(request),
    event: events.requested,
    payload: () => requestRow(request, news),
  });
  const calls = { here: news.command };
  const asks = askText(row, news.limits.askChars);
  const address = kind === "device" ? { address: remoteIp } : {};
  news.telemetry.refusalLog.write({
    level: "info",
    kind: lines[kind].requested,
    facts: { requestId, ...asker(request), ...address, ...typedFact(asks, calls) },
    message: `${nameOf(request)} ${log.asks} ${plainText(asks, calls)}`,
  });
}

function resolved(request: ApprovalRequest, why: Resolution, news: RequestNews): void {
  const { kind, requestId } = request;
  const { events, log } = kinds[kind];
  const decision = why === "approved" ? "approved" : "rejected";
  const facts = { requestId, ...asker(request) };
  const payload = { ...facts, decision, why, ts: news.world.now() };
  const ended = { ...about(request), event: events.resolved, payload: () => payload };
  news.events.ended(ended, why === "approved" || why === "rejected");
  const message = log.ended(nameOf(request), why);
  const { gone } = lines[kind];
  if (why === "approved" || why === "rejected") news.log.info(facts, message);
  else if (gone)
    news.telemetry.refusalLog.write({ level: "info", kind: `${gone}-${why}`, facts, message });
}

function about(request: ApprovalRequest): Pick<StrangerEvent, "key" | "deviceId"> {
  return { key: request.requestId, deviceId: askerOf(request) };
}

/** The id of the device that asks, as facts of that kind name it. */
function asker(request: ApprovalRequest) {
  return request.kind === "node" ? { nodeId: request.nodeId } : { deviceId: request.deviceId };
}

function nameOf(request: ApprovalRequest): string {
  return quotedName({ ...request, deviceId: askerOf(request) });
}

/**
 * The words of the log about a request: what it asks for, what of that is new, and what to type. Where
 * not all of it fits in `askChars` characters, the line names the command that shows the rest instead of
 * the one that approves.
 */
export function askText(row: RequestRow, askChars: number): Text {
  const kind = kindOf(row);
  const { asks, new: fresh } = askWords(row);
  const { words, whole } = cutAsk(fresh === undefined ? asks : `${asks} (new: ${fresh})`, askChars);
  return whole
    ? say`${words}; to ${kinds[kind].log.does}: ${openclaw`${`${kind}s`} approve ${row.requestId}`}`
    : say`${words}; all of it: ${openclaw`devices show ${row.requestId}`}`;
}
