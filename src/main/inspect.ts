import { secretsShape } from "../auth/secret-store.ts";
import { systemFiles } from "../lib/atomic-file.ts";
import { systemWorld } from "../lib/world.ts";
import { nodesShape } from "../nodes/document.ts";
import { pairingShape } from "../pairing/document.ts";
import { isOpen, type PairingState } from "../pairing/records.ts";
import { Damage } from "../store/damage.ts";
import { explain } from "../store/errors.ts";
import { documentFiles } from "../store/files.ts";
import { peekWriterLock } from "../store/lock-peek.ts";
import { readDocument } from "../store/recover.ts";
import type { DocumentShape } from "../store/shape.ts";

/** A document that the gateway would refuse to open. */
export interface StoreProblem {
  readonly code: string;
  readonly file: string;
  readonly message: string;
  readonly next: string;
}

/** What the state of a gateway that does not run says, read without changing anything. */
export interface Inspection {
  /** Set where somebody holds the writer's lock: then nothing else is known. */
  readonly heldBy?: { readonly pid?: number; readonly adminSocket?: string };
  readonly problems: readonly StoreProblem[];
  /** Bytes of writes that a crash cut short; the next start drops them. */
  readonly torn: number;
  readonly secrets?: { readonly token: boolean; readonly password: boolean };
  readonly pairing?: {
    readonly devices: number;
    readonly pending: number;
    readonly invites: number;
  };
}

/** Reads and checks all documents. Rejects with the file system's error where it may not look. */
export async function inspectState(folder: string, now: number): Promise<Inspection> {
  const held = await holder(folder);
  if (held) return held;
  const problems: StoreProblem[] = [];
  const pairing = await read(pairingShape, folder, problems);
  const secretStore = await read(secretsShape, folder, problems);
  const nodes = await read(nodesShape, folder, problems);
  // Somebody who came meanwhile may have been writing what was read.
  const came = await holder(folder);
  if (came) return came;
  const secrets = secretStore?.state.secrets;
  return {
    problems,
    torn: (pairing?.torn ?? 0) + (secretStore?.torn ?? 0) + (nodes?.torn ?? 0),
    ...(pairing && { pairing: countPairing(pairing.state, now) }),
    ...(secrets && {
      secrets: { token: secrets.token !== undefined, password: secrets.password !== undefined },
    }),
  };
}

async function holder(folder: string): Promise<Inspection | undefined> {
  const held = await peekWriterLock(folder);
  if (!held) return undefined;
  const { pid, adminSocket } = held;
  const heldBy = {
    ...(typeof pid === "number" && { pid }),
    ...(typeof adminSocket === "string" && { adminSocket }),
  };
  return { heldBy, problems: [], torn: 0 };
}

async function read<State, Change>(
  shape: DocumentShape<State, Change>,
  folder: string,
  problems: StoreProblem[],
): Promise<{ state: State; torn: number } | undefined> {
  const files = documentFiles(folder, shape.name);
  try {
    return await readDocument(shape, files, { fs: systemFiles, world: systemWorld });
  } catch (error) {
    problems.push(problemOf(error, folder, files.journal));
    return undefined;
  }
}

function problemOf(error: unknown, folder: string, journal: string): StoreProblem {
  if (error instanceof Damage) {
    const { file, line, found } = error;
    const where = line === undefined ? "" : `line ${line}: `;
    return { code: "STORE_DAMAGED", file, message: `${where}${found}`, next: "" };
  }
  const named = (error as { path?: unknown }).path;
  const file = typeof named === "string" ? named : journal;
  const { code, message, next } = explain(error, { folder, file });
  return { code, file, message, next };
}

function countPairing(
  { devices, pending, invites }: PairingState,
  now: number,
): NonNullable<Inspection["pairing"]> {
  const unused = [...invites.values()].filter((invite) => isOpen(invite, now));
  const waiting = [...pending.values()].filter((request) => request.expiresAtMs > now);
  return { devices: devices.size, pending: waiting.length, invites: unused.length };
}
