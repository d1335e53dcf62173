import { type AuditHead, breakOf, headOf, isLine } from "./chain.ts";
import { firstSeqOf, parse } from "./files.ts";
import { stateProblems, type Verifies, writtenEnd } from "./state-check.ts";
import type { Trail } from "./trail.ts";

/** A file of the audit as it was found. */
export interface FoundFile {
  readonly name: string;
  readonly text: string;
  /** What is wrong with the file itself, such as that it can't be read. */
  readonly problem?: string;
}

export interface AuditFault {
  /** A file of the audit, or `the state`. */
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
  /** Faults that were found and left out, where there are too many. */
  readonly more?: number;
  /** Lines that are in the state and in no file yet, if there are any. */
  readonly waiting?: number;
}

/**
 * Lines that are checked before the event loop gets its turn: one takes some hundredths of a
 * millisecond.
 */
const LINES_AT_ONCE = 64;

/**
 * Follows the chain through files (oldest first) and compares it with what the state knows. Finds
 * edits, gaps, lines put in, files that are gone, renamed or no files, a cut tail, and an end or a
 * state that another key signed. After a fault it goes on from the next line, so that all are named.
 */
export class AuditCheck {
  readonly #faults: AuditFault[] = [];
  #more = 0;
  /** The last line that was checked; `undefined` before the first one. */
  #head: AuditHead | undefined;
  #from = 0;
  #lines = 0;
  #last = "audit";
  /** Whether the chain went through the end that the state knew when the check began. */
  #passed = false;
  /** Files without a line. */
  readonly #empty: string[] = [];

  constructor(
    private readonly trail: Trail,
    private readonly verifies: Verifies,
    private readonly mostFaults: number,
  ) {}

  /** Notes a name in the folder that is no file of the audit's. */
  foreign(name: string): void {
    this.#fault({ file: name, problem: "it is no file of the audit: somebody put it there" });
  }

  /** Follows one file; may rest wherever it yields. */
  *file({ name, text, problem }: FoundFile): Generator<void, void> {
    const isEmpty = text === "" && problem === undefined;
    if (isEmpty) this.#empty.push(name);
    if (!isEmpty || firstSeqOf(name) <= this.trail.head.seq) this.#last = name;
    if (problem !== undefined) this.#fault({ file: name, problem });
    const all = text.split("\n");
    if (all.pop() !== "") this.#fault({ file: name, problem: "its last line is cut short" });
    if (problem === undefined) this.#named(name, all[0]);
    for (const [at, line] of all.entries()) {
      this.#line(line, { file: name, line: at + 1 });
      if (at % LINES_AT_ONCE === 0) yield;
    }
  }

  /** Whether a file begins where its name says. */
  #named(name: string, first: string | undefined): void {
    const seq = firstSeqOf(name);
    const line = parse(first);
    if (isLine(line) && line.seq !== seq) {
      const problem = `its name says that it begins with number ${seq}`;
      this.#fault({ file: name, line: 1, problem });
    }
  }

  #line(text: string, place: { file: string; line: number }): void {
    const value = parse(text);
    const problem = this.#problemOf(value, text);
    if (problem !== undefined) this.#fault({ ...place, problem });
    else this.#lines += 1;
    if (!isLine(value)) return;
    if (this.#from === 0) this.#from = value.seq;
    this.#head = headOf(value);
    const { head } = this.trail;
    if (head.seq === value.seq) this.#passed = head.hash === value.hash;
  }

  #problemOf(value: unknown, text: string): string | undefined {
    const known = breakOf(value, this.#before(value));
    if (known !== undefined || !isLine(value)) return known;
    // Blanks, a key that stands there twice, another spelling of a letter: a reader may see another
    // line than a program does. The order of the keys means nothing to any reader.
    if (JSON.stringify(value) !== text)
      return "it is written in another way than the gateway writes";
    const { floor, signed } = this.trail;
    const sure = [floor, ...(signed ? [signed] : [])];
    const other = sure.some(({ seq, hash }) => value.seq === seq && value.hash !== hash);
    return other ? "it is another than the gateway signed" : undefined;
  }

  /** What the line must follow. The first may be older than it has to be: its file is due to go. */
  #before(value: unknown): AuditHead {
    if (this.#head) return this.#head;
    const { floor } = this.trail;
    if (!isLine(value) || value.seq > floor.seq) return floor;
    return { seq: value.seq - 1, hash: value.prev };
  }

  /**
   * A file is empty for the moment between being made and being written, which a crash or a full disk
   * may make long: then the line that it was made for is on its way. Any other one was put there.
   */
  #isComing(name: string, now: Trail): boolean {
    const seq = firstSeqOf(name);
    const waits = ({ outbox }: Trail) => outbox.some((line) => line.seq === seq);
    return waits(this.trail) || waits(now) || (seq > this.trail.head.seq && seq <= now.head.seq);
  }

  #fault(fault: AuditFault): void {
    if (this.#faults.length < this.mostFaults) this.#faults.push(fault);
    else this.#more += 1;
  }

  /** The verdict; `now` is the trail as it is after the files were read, which go on meanwhile. */
  end(now: Trail): AuditVerdict {
    const end = this.#head ?? this.trail.floor;
    const wentOn = this.#passed && end.seq > this.trail.head.seq && end.seq <= now.head.seq;
    const tail = wentOn ? undefined : tailProblem(end, this.trail);
    for (const name of this.#empty) {
      if (!this.#isComing(name, now)) this.#fault({ file: name, problem: "it is empty" });
    }
    if (tail !== undefined) this.#fault({ file: this.#last, problem: tail });
    for (const problem of stateProblems(this.trail, this.verifies)) {
      this.#fault({ file: "the state", problem });
    }
    const waiting = now.outbox.filter(({ seq }) => seq > end.seq).length;
    return {
      lines: this.#lines,
      from: this.#from,
      to: end.seq,
      faults: this.#faults,
      ...(waiting > 0 && { waiting }),
      ...(this.#more > 0 && { more: this.#more }),
    };
  }
}

/** How the files' end and the state's disagree, if they do. */
function tailProblem(end: AuditHead, trail: Trail): string | undefined {
  // What is still on its way lies in the state.
  const expected = writtenEnd(trail);
  const { head, outbox } = trail;
  const written = outbox.find(({ seq }) => seq === end.seq) ?? expected;
  if (end.seq === written.seq && end.hash === written.hash) return undefined;
  if (end.seq < expected.seq) {
    const missing = expected.seq - end.seq;
    return `${missing} line${missing === 1 ? " is" : "s are"} missing at the end (${end.seq + 1} to ${expected.seq})`;
  }
  if (end.seq === written.seq) return "the last line is another than the state knows";
  return `it goes on behind number ${head.seq}, where the state ends`;
}
