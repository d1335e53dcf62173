import type { Hub } from "../events/hub.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { ApprovalKind } from "../protocol/approve-line.ts";
import type { RequestEvent } from "../requests/part.ts";
import { type ApprovalRequest, askerOf, type Resolution } from "../requests/records.ts";
import { asTyped } from "../words/command.ts";
import { quoted } from "../words/device.ts";
import { askWords, cutAsk, kindOf, kinds, type RequestRow } from "../words/request-kinds.ts";
import { requestRow } from "./requests.ts";
import type { Services } from "./services.ts";

interface Line {
  readonly level: "info";
  /** Lines of one kind are bounded together. */
  readonly kind: string;
  readonly facts: object;
  readonly message: string;
}

/** Where the news of requests go. */
export interface RequestNews extends Pick<Services, "nodes" | "pairing"> {
  readonly world: Pick<World, "now">;
  readonly limits: Pick<Limits, "askChars">;
  readonly hub: Pick<Hub, "publishAbout">;
  readonly log: { info(facts: object, message: string): void };
  /** For lines that strangers can cause any number of. */
  readonly bounded: { write(line: Line): void };
  /** How the command line is called here. */
  readonly command: string;
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
  news.hub.publishAbout(askerOf(request), events.requested, row);
  const asks = askLine(row, { command: news.command, askChars: news.limits.askChars });
  const address = kind === "device" ? { address: remoteIp } : {};
  news.bounded.write({
    level: "info",
    kind: lines[kind].requested,
    facts: { requestId, ...asker(request), ...address },
    message: `${nameOf(request)} ${log.asks} ${asks}`,
  });
}

function resolved(request: ApprovalRequest, why: Resolution, news: RequestNews): void {
  const { kind, requestId } = request;
  const { events, log } = kinds[kind];
  const decision = why === "approved" ? "approved" : "rejected";
  const facts = { requestId, ...asker(request) };
  const payload = { ...facts, decision, why, ts: news.world.now() };
  news.hub.publishAbout(askerOf(request), events.resolved, payload);
  const message = log.ended(nameOf(request), why);
  const { gone } = lines[kind];
  if (why === "approved" || why === "rejected") news.log.info(facts, message);
  else if (gone) news.bounded.write({ level: "info", kind: `${gone}-${why}`, facts, message });
}

/** The id of the device that asks, as facts of that kind name it. */
function asker(request: ApprovalRequest) {
  return request.kind === "node" ? { nodeId: request.nodeId } : { deviceId: request.deviceId };
}

function nameOf({ displayName, clientId }: ApprovalRequest): string {
  return quoted(displayName ?? clientId);
}

interface Typed {
  /** How the command line is called here. */
  readonly command: string;
  /** Characters of what is asked for. */
  readonly askChars: number;
}

/**
 * What the log says of a request: what it asks for, what of that is new, and what to type. Where not
 * all of it fits there is no approving command: a request is not approved unread.
 */
export function askLine(row: RequestRow, { command, askChars }: Typed): string {
  const kind = kindOf(row);
  const { asks, new: fresh } = askWords(row);
  const { words, whole } = cutAsk(fresh === undefined ? asks : `${asks} (new: ${fresh})`, askChars);
  const typed = (line: string) => asTyped(`openclaw ${line} ${row.requestId}`, command);
  return whole
    ? `${words}; to ${kinds[kind].log.does}: ${typed(`${kind}s approve`)}`
    : `${words}; all of it: ${typed("devices show")}`;
}
