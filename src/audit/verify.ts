import { type AuditHead, breakOf, headOf, isLine } from "./chain.ts";
import { parse } from "./files.ts";
import { signedText, type Trail } from "./trail.ts";

/** A file of the audit as it was found. */
export interface FoundFile {
  readonly name: string;
  readonly text: string;
}

export interface AuditFault {
  readonly file: string;
  /** 1-based; absent where no line can be named. */
  readonly line?: number;
  readonly problem: string;
}

export interface AuditVerdict {
  /** Lines that follow from each other. */
  readonly lines: number;
  /** Numbers of the first and last good line. */
  readonly from: number;
  readonly to: number;
  readonly faults: readonly AuditFault[];
}

type Verifies = (data: Uint8Array, signature: Uint8Array) => boolean;

/** How often others get a turn, in lines: a line takes some hundredths of a millisecond. */
const LINES_AT_ONCE = 64;

/**
 * Follows the chain through files (oldest first) and compares its end with what the state knows.
 * Finds edits, gaps, lines put in, a cut tail and a head that another key signed. After a fault it
 * goes on from the next line, so that all of them are named.
 */
export class AuditCheck {
  readonly #faults: AuditFault[] = [];
  #head: AuditHead;
  #from = 0;
  #lines = 0;
  #last = "audit";
  /** The chain went through the end that the state knew when this began. */
  #passed = false;

  constructor(
    private readonly trail: Trail,
    private readonly verifies: Verifies,
  ) {
    this.#head = trail.floor;
  }

  /** Follows one file; may rest wherever it yields. */
  *file({ name, text }: FoundFile): Generator<void, void> {
    this.#last = name;
    const all = text.split("\n");
    if (all.pop() !== "") {
      this.#faults.push({ file: name, problem: "its last line is cut short" });
    }
    for (const [at, line] of all.entries()) {
      this.#line(parse(line), { file: name, line: at + 1 });
      if (at % LINES_AT_ONCE === 0) yield;
    }
  }

  #line(value: unknown, place: { file: string; line: number }): void {
    const problem = breakOf(value, this.#head);
    if (problem !== undefined) this.#faults.push({ ...place, problem });
    else this.#lines += 1;
    if (!isLine(value)) return;
    if (this.#from === 0) this.#from = value.seq;
    this.#head = headOf(value);
    const { head } = this.trail;
    if (head.seq === value.seq) this.#passed = head.hash === value.hash;
  }

  /** The verdict; `now` is the trail as it is after the files were read, which go on meanwhile. */
  end(now: Trail): AuditVerdict {
    const { seq } = this.#head;
    const wentOn = this.#passed && seq > this.trail.head.seq && seq <= now.head.seq;
    const tail = wentOn ? undefined : tailProblem(this.#head, this.trail);
    if (tail !== undefined) this.#faults.push({ file: this.#last, problem: tail });
    const { signed } = now;
    if (signed && !this.verifies(signedText(signed), Buffer.from(signed.signature, "base64url"))) {
      this.#faults.push({
        file: this.#last,
        problem: "the gateway's key did not sign the end that the state knows",
      });
    }
    return { lines: this.#lines, from: this.#from, to: seq, faults: this.#faults };
  }
}

/** How the files' end and the state's disagree, if they do. */
function tailProblem(end: AuditHead, { head, outbox }: Trail): string | undefined {
  // What is still on its way lies in the state.
  const expected = outbox[0] ? { seq: outbox[0].seq - 1, hash: outbox[0].prev } : head;
  const written = outbox.find(({ seq }) => seq === end.seq) ?? expected;
  if (end.seq === written.seq && end.hash === written.hash) return undefined;
  if (end.seq < expected.seq) {
    const missing = expected.seq - end.seq;
    return `${missing} line${missing === 1 ? " is" : "s are"} missing at the end (${end.seq + 1} to ${expected.seq})`;
  }
  if (end.seq === written.seq) return "the last line is another than the state knows";
  return `it goes on behind number ${head.seq}, where the state ends`;
}
