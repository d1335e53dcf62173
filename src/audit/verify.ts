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

/**
 * Follows the chain through `files` (oldest first) and compares its end with what the state knows.
 * Finds edits, gaps, lines put in, a cut tail and a head that another key signed. After a fault it
 * goes on from the next line, so that all of them are named.
 */
export function verifyAudit(
  files: readonly FoundFile[],
  trail: Trail,
  verifies: (data: Uint8Array, signature: Uint8Array) => boolean,
): AuditVerdict {
  const faults: AuditFault[] = [];
  let head = trail.floor;
  let [from, lines] = [0, 0];
  for (const { name, text } of files) {
    const all = text.split("\n");
    if (all.pop() !== "") faults.push({ file: name, problem: "its last line is cut short" });
    for (const [at, line] of all.entries()) {
      const value = parse(line);
      const problem = breakOf(value, head);
      if (problem !== undefined) faults.push({ file: name, line: at + 1, problem });
      else lines += 1;
      if (!isLine(value)) continue;
      if (from === 0) from = value.seq;
      head = headOf(value);
    }
  }
  const last = files.at(-1)?.name ?? "audit";
  const tail = tailProblem(head, trail);
  if (tail !== undefined) faults.push({ file: last, problem: tail });
  const { signed } = trail;
  if (signed && !verifies(signedText(signed), Buffer.from(signed.signature, "base64url"))) {
    faults.push({
      file: last,
      problem: "the gateway's key did not sign the end that the state knows",
    });
  }
  return { lines, from, to: head.seq, faults };
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
