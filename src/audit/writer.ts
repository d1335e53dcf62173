import type { Timer, World } from "../lib/world.ts";
import type { AuditHead, AuditLine } from "./chain.ts";
import type { AuditFiles } from "./files.ts";
import { type SignedHead, signedText, type Trail } from "./trail.ts";

interface Log {
  info(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface WriterDeps {
  readonly files: AuditFiles;
  readonly world: World;
  readonly limits: { readonly retryMs: number; readonly retryMaxMs: number };
  /** The durable trail. */
  readonly trail: () => Trail;
  /** Notes that the file holds everything up to `signed`; nobody waits for it. */
  readonly written: (signed: SignedHead, floor: AuditHead | undefined) => void;
  readonly sign: (data: Uint8Array) => Buffer;
  readonly log: Log;
}

/**
 * Brings lines from the state into the file. They are durable in the state, with the decision they
 * tell of, before anybody is answered; here they only move, so a crash loses and doubles none.
 */
export class AuditWriter {
  #last: number | undefined;
  #busy: Promise<void> | undefined;
  #again = false;
  #retry: Timer | undefined;
  #failures = 0;

  constructor(private readonly deps: WriterDeps) {}

  /** Something may be in the outbox. Never throws. */
  flush(): void {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = this.#move().finally(() => {
      this.#busy = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.flush();
    });
  }

  /** Moves what is left, and closes the file. */
  async close(): Promise<void> {
    this.flush();
    while (this.#busy) await this.#busy;
    this.#retry?.cancel();
    await this.deps.files.close();
  }

  async #move(): Promise<void> {
    const { files, trail } = this.deps;
    try {
      if (trail().outbox.length === 0) return;
      this.#last ??= await files.open();
      const known = this.#last;
      const lines = trail().outbox.filter(({ seq }) => seq > known);
      const floor = await files.append(lines);
      const head = lines.at(-1) ?? trail().outbox.findLast(({ seq }) => seq === known);
      this.#wrote(lines, head, floor);
    } catch (error) {
      this.#failed(error);
    }
  }

  #wrote(lines: readonly AuditLine[], head: AuditLine | undefined, floor?: AuditHead): void {
    const { log, sign, written } = this.deps;
    if (this.#failures > 0) log.info({}, "the audit is written again");
    this.#failures = 0;
    // The journal keeps a copy on another path: who cuts the file has to cut that one too.
    for (const { seq, event, by, what, hash } of lines) {
      log.info({ audit: seq, event, by, ...(what && { what }), hash }, "audit");
    }
    if (!head) return;
    this.#last = head.seq;
    const { seq, hash } = head;
    written({ seq, hash, signature: sign(signedText(head)).toString("base64url") }, floor);
  }

  /** Nothing is lost: the state keeps the lines, and they are tried again. */
  #failed(error: unknown): void {
    const { world, limits, log } = this.deps;
    if (this.#failures === 0)
      log.error({ err: error }, "the audit can't be written; it is kept in the state");
    this.#failures += 1;
    // What is in the file now has to be looked at again.
    this.#last = undefined;
    const wait = Math.min(limits.retryMs * 2 ** (this.#failures - 1), limits.retryMaxMs);
    this.#retry?.cancel();
    this.#retry = world.after(wait, () => this.flush());
  }
}
