import { nodeHostLimitTable } from "../../limits/node-host.ts";
import { nodeLimitTable } from "../../limits/nodes.ts";
import type { HostCall, HostFacts } from "./call.ts";
import { runCommand } from "./commands.ts";
import { HostError, invalid } from "./errors.ts";

/** `node.invoke.request`, as far as it is read. */
export interface InvokeRequest {
  readonly id: string;
  readonly nodeId: string;
  readonly command: string;
  readonly paramsJSON?: string | null;
  readonly timeoutMs?: number;
}

/** How answers leave: one request to the gateway. */
export type Send = (method: string, params: Record<string, unknown>) => Promise<unknown>;

const MOST_CHUNK = 8 * 1024;

/**
 * The invokes under way on this machine. Each is answered once, or not at all when its caller is
 * gone.
 */
export class Invokes {
  readonly #running = new Map<string, AbortController>();

  constructor(
    private readonly facts: HostFacts,
    private readonly most: number = nodeHostLimitTable.hostInvokes.value,
  ) {}

  get size(): number {
    return this.#running.size;
  }

  /** Runs what is asked and sends its result. Never rejects. */
  async run(request: InvokeRequest, send: Send): Promise<void> {
    const { id, nodeId } = request;
    if (this.#running.has(id)) return;
    const answer = await this.#answer(request, send);
    if (answer === undefined) return;
    // A connection that is gone took the caller with it: the gateway has told it already.
    await send("node.invoke.result", { id, nodeId, ...answer }).catch(() => undefined);
  }

  /** The caller gave up. */
  cancel(id: string): void {
    this.#running.get(id)?.abort();
  }

  /** Cancels all: the connection is gone, and with it every caller. */
  cancelAll(): void {
    for (const controller of this.#running.values()) controller.abort();
  }

  async #answer(request: InvokeRequest, send: Send): Promise<object | undefined> {
    if (this.#running.size >= this.most) {
      const error = { code: "UNAVAILABLE", message: `busy: ${this.most} commands are under way` };
      return { ok: false, error };
    }
    const controller = new AbortController();
    this.#running.set(request.id, controller);
    try {
      const call = callOf(request, controller.signal, send);
      const payload = await runCommand(request.command, call, this.facts);
      return { ok: true, payloadJSON: JSON.stringify(payload ?? null) };
    } catch (error) {
      return { ok: false, error: errorShape(error) };
    } finally {
      this.#running.delete(request.id);
    }
  }
}

function callOf(request: InvokeRequest, signal: AbortSignal, send: Send): HostCall {
  const progress = new Progress(request, send);
  return {
    params: readParams(request.paramsJSON),
    timeoutMs: patienceOf(request),
    signal,
    progress: (chunk) => progress.add(chunk),
  };
}

/** Milliseconds until the caller gives up: 0 says that it wants no such time, and what is no time says nothing. */
export function patienceOf({ timeoutMs }: Pick<InvokeRequest, "timeoutMs">): number {
  if (timeoutMs === 0) return nodeLimitTable.nodeInvokeMaxMs.value;
  const isTime = typeof timeoutMs === "number" && timeoutMs > 0;
  return isTime ? timeoutMs : nodeLimitTable.nodeInvokeMs.value;
}

function readParams(text: string | null | undefined): Record<string, unknown> {
  if (!text) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Said below.
  }
  throw invalid("params: expected a JSON object");
}

function errorShape(error: unknown): { code: string; message: string } {
  if (error instanceof HostError) return { code: error.code, message: error.message };
  return { code: "FAILED", message: error instanceof Error ? error.message : String(error) };
}

/** Output on its way to the caller: one piece at a time, the latest while a slow one takes it. */
class Progress {
  #seq = 0;
  #unsent = "";
  #sending = false;

  constructor(
    private readonly request: InvokeRequest,
    private readonly send: Send,
  ) {}

  add(text: string): void {
    this.#unsent = (this.#unsent + text).slice(-MOST_CHUNK);
    if (!this.#sending) void this.#drain();
  }

  async #drain(): Promise<void> {
    const { id: invokeId, nodeId } = this.request;
    this.#sending = true;
    while (this.#unsent !== "") {
      const chunk = this.#unsent;
      this.#unsent = "";
      const seq = this.#seq;
      this.#seq += 1;
      await this.send("node.invoke.progress", { invokeId, nodeId, seq, chunk }).catch(() => {
        // The result holds all of it.
      });
    }
    this.#sending = false;
  }
}
