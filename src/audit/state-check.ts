import { type AuditHead, breakOf, headOf } from "./chain.ts";
import { floorText, signedText, type Trail } from "./trail.ts";

export type Verifies = (data: Uint8Array, signature: Uint8Array) => boolean;

/** Where the files must end, as the state says: behind that is what is on its way to them. */
export function writtenEnd({ head, outbox }: Trail): AuditHead {
  const [first] = outbox;
  return first ? { seq: first.seq - 1, hash: first.prev } : head;
}

/**
 * What is wrong with the state's own part of the audit: one text per fault. Without the gateway's
 * key the end cannot be forged: it is signed, and the lines after it must follow from it.
 */
export function stateProblems(trail: Trail, verifies: Verifies): string[] {
  const { head, outbox, signed, floor } = trail;
  const problems: string[] = [];
  if (floor.seq > 0 && !verifies(floorText(floor), bytesOf(floor.signature))) {
    problems.push("the gateway's key did not sign where the audit begins");
  }
  const written = writtenEnd(trail);
  if (signed && !verifies(signedText(signed), bytesOf(signed.signature))) {
    problems.push("the gateway's key did not sign the end that the state knows");
  }
  if (written.seq !== (signed?.seq ?? 0) || (signed && written.hash !== signed.hash)) {
    const sure = signed ? `only up to number ${signed.seq}` : "nothing";
    problems.push(
      `it knows lines up to number ${written.seq}, of which the gateway signed ${sure}`,
    );
  }
  let at = written;
  for (const line of outbox) {
    if (breakOf(line, at) !== undefined) {
      problems.push(`number ${line.seq}, which is on its way to the file, was changed`);
      return problems;
    }
    at = headOf(line);
  }
  if (at.seq !== head.seq || at.hash !== head.hash) {
    problems.push("its end does not follow from what it knows");
  }
  return problems;
}

function bytesOf(signature = ""): Buffer {
  return Buffer.from(signature, "base64url");
}
