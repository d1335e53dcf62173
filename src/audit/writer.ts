import type { Timer, World } from "../lib/world.ts";
import { openclaw } from "../protocol/command.ts";
import { plainText, say, typedFact } from "../protocol/text.ts";
import type { AuditHead, AuditLine } from "./chain.ts";
import type { AuditFiles, Dropping } from "./files.ts";
import { type SignedHead, signedText, type Trail } from "./trail.ts";

interface Log {
  info(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface WriterDeps {
  readonly files: AuditFiles;
  readonly world: World;
  readonly limits: { readonly retryMs: number; readonly retryMaxMs: number };
  /** The trail as readers see it. */
  readonly trail: () => Trail;
  /** Some of it is not on the disk yet: a crash could give its lines' numbers to others. */
  readonly unsaved: () => boolean;
  /** Notes that the file holds everything up to `signed`; returns before that is durable. */
  readonly written: (signed: SignedHead) => void;
  readonly dropping: Dropping;
  readonly sign: (data: Uint8Array) => Buffer;
  readonly log: Log;
  /** Takes a copy of each line to the journal, at every log level. */
  readonly copy: (facts: object, message: string) => void;
}

/**
 * Brings lines from the state into the file. A line is durable in the state, with the decision it
 * tells of, before the decision is answered; here it only moves, so a crash loses and doubles none.
 */
export class AuditWriter {
  #last: number | undefined;
  #busy: Promise<void> | undefined;
  #again = false;
  #retry: Timer | undefined;
  #failures = 0;
  /** Tries that came to nothing. */
  #tries = 0;

  constructor(private readonly deps: WriterDeps) {}

  /** Something may be in the outbox. Never throws. */
  flush(): void {
    if (this.#busy) this.#again = true;
    else this.#occupy(this.#move());
  }

  /** Runs `read` while nothing is being written. */
  async still<Result>(read: () => Promise<Result>): Promise<Result> {
    while (this.#busy) await this.#busy;
    const reading = read();
    const over = () => undefined;
    this.#occupy(reading.then(over, over));
    return reading;
  }

  #occupy(work: Promise<void>): void {
    this.#busy = work.finally(() => {
      this.#busy = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.flush();
    });
  }

  /** Moves what is left, if it is to be moved now, and closes the file. */
  async close({ moving } = { moving: true }): Promise<void> {
    if (moving) this.flush();
    while (this.#busy) await this.#busy;
    this.#retry?.cancel();
    await this.deps.files.close();
  }

  async #move(): Promise<void> {
    const { files, trail, unsaved, dropping } = this.deps;
    try {
      if (trail().outbox.length === 0) return;
      if (unsaved()) return this.#tryLater();
      this.#last ??= await this.#open();
      const known = this.#last;
      const lines = trail().outbox.filter(({ seq }) => seq > known);
      await files.append(lines, dropping);
      const head = lines.at(-1) ?? trail().outbox.findLast(({ seq }) => seq === known);
      this.#wrote(lines, head);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The number of the last line that is in the files. */
  async #open(): Promise<number> {
    const { files, trail, log } = this.deps;
    const last = await files.open();
    const { head, outbox } = trail();
    if (last <= head.seq) return last;
    // Another program wrote it, or the state is an older copy. Nothing is taken off; it goes on behind.
    const text = say`the audit's files go on where the state ends: ${openclaw`audit verify`}`;
    log.error({ last, head: head.seq, ...typedFact(text) }, plainText(text));
    return (outbox[0]?.seq ?? head.seq + 1) - 1;
  }

  #wrote(lines: readonly AuditLine[], head: AuditLine | undefined): void {
    const { log, sign, written, copy } = this.deps;
    if (this.#failures > 0) log.info({}, "the audit is written again");
    this.#failures = 0;
    this.#tries = 0;
    // The journal keeps a copy on another path: who cuts the file has to cut that one too.
    for (const { seq, event, by, what, from, hash } of lines) {
      const facts = { ...(what && { what }), ...(from !== undefined && { from }) };
      copy({ audit: seq, event, by, ...facts, hash }, "audit");
    }
    if (!head) return;
    this.#last = head.seq;
    const { seq, hash }: AuditHead = head;
    written({ seq, hash, signature: sign(signedText(head)).toString("base64url") });
  }

  /** Nothing is lost: the state keeps the lines, and they are tried again. */
  #failed(error: unknown): void {
    const { log } = this.deps;
    if (this.#failures === 0)
      log.error({ err: error }, "the audit can't be written; it is kept in the state");
    this.#failures += 1;
    // What is in the file now has to be looked at again.
    this.#last = undefined;
    this.#tryLater();
  }

  #tryLater(): void {
    const { world, limits } = this.deps;
    const wait = Math.min(limits.retryMs * 2 ** this.#tries, limits.retryMaxMs);
    this.#tries += 1;
    this.#retry?.cancel();
    this.#retry = world.after(wait, () => this.flush());
  }
}
