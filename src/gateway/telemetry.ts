import { BoundedLog } from "../lib/bounded-log.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Close } from "../protocol/close.ts";
import type { Refusal } from "../protocol/refusals.ts";
import { claimsIn } from "./claims.ts";
import type { Connection } from "./connection.ts";

/** The process's log. `facts` are the fields of a line beside its message. */
export interface GatewayLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

interface Deps {
  readonly world: World;
  readonly limits: Pick<Limits, "logBytesPerSecond" | "logLinesPerSecond">;
  readonly log: GatewayLog;
}

/**
 * What is counted and logged about connections. Clients can cause any number of these lines, so both
 * logs are bounded to `limits.logLinesPerSecond`, and that of refusals by `limits.logBytesPerSecond` too.
 */
export class Telemetry {
  readonly #closes = new Map<string, number>();
  /** Refused connects, by the code of the answer. */
  readonly refusals = new Map<string, number>();
  /** Lines about refusals and closes. */
  readonly refusalLog: BoundedLog;
  /** Lines about the gateway's own failures: apart, so that no storm of refusals hides them. */
  readonly failureLog: BoundedLog;

  constructor({ world, limits, log }: Deps) {
    const leftOut = () => this.count("log-left-out");
    const bounds = { world, log, perSecond: limits.logLinesPerSecond, leftOut };
    this.refusalLog = new BoundedLog({ ...bounds, bytesPerSecond: limits.logBytesPerSecond });
    this.failureLog = new BoundedLog(bounds);
  }

  /** Counts a close or a refusal under its metric, a name of `closes` or of the limits' table. */
  count(metric: string): void {
    this.#closes.set(metric, (this.#closes.get(metric) ?? 0) + 1);
  }

  /** How often each metric was counted, in the order of their names. */
  get closes(): Record<string, number> {
    return Object.fromEntries([...this.#closes].sort(([a], [b]) => a.localeCompare(b)));
  }

  /** Logs a failure of the gateway itself. One kind of line for each `message`. */
  failed(message: string, facts: object): void {
    this.failureLog.write({ level: "error", kind: message, facts, message });
  }

  /** Counts and logs a connect that was refused. `params` are what it sent, valid or not. */
  connectRefused({ id, socket }: Connection, { error, close }: Refusal, params?: unknown): void {
    const code = String(error.details?.["code"] ?? error.code);
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
    // The request has a line of its own (methods/pairing-log.ts); one for each retry of it tells nothing.
    if (code === "PAIRING_REQUIRED") return;
    const { peer } = socket;
    const facts = { conn: id, address: peer.address, code, ...claimsIn(params, peer) };
    const { message } = error;
    this.refusalLog.write({ level: "info", kind: close.metric, facts, message });
  }

  /** Counts a connection that the gateway closed; logs it unless its refusal was logged before. */
  closed({ id, socket, refused }: Connection, close: Close): void {
    this.count(close.metric);
    if (refused) return;
    const { peer } = socket;
    const { code, reason, metric: kind } = close;
    const facts = { conn: id, address: peer.address, code, reason, ...claimsIn(undefined, peer) };
    this.refusalLog.write({ level: "info", kind, facts, message: "connection closed" });
  }

  /** Writes what the bounded logs hold back. */
  flush(): void {
    this.refusalLog.flush();
    this.failureLog.flush();
  }
}
