import type { SecretsState } from "../auth/secret-store.ts";
import { systemFiles } from "../lib/atomic-file.ts";
import { systemWorld } from "../lib/world.ts";
import { isOpen, type PairingState } from "../pairing/records.ts";
import type { Text } from "../protocol/text.ts";
import { isLive, requestsOf } from "../requests/book.ts";
import type { RequestsState } from "../requests/records.ts";
import { Damage } from "../store/damage.ts";
import { explain } from "../store/errors.ts";
import { documentFiles } from "../store/files.ts";
import { peekWriterLock } from "../store/lock-peek.ts";
import { readDocument } from "../store/recover.ts";
import type { ReplayShape } from "../store/shape.ts";
import { legacyDevices, legacyNodes, legacySecrets } from "./legacy-state.ts";
import { stateShape } from "./state.ts";
import { stateVersion } from "./take-over.ts";

/** A document that the gateway would refuse to open. */
export interface StoreProblem {
  readonly code: string;
  readonly file: string;
  readonly message: string;
  /** Empty where only a backup helps. */
  readonly next: Text;
}

/** What the state of a gateway that does not run says, read without changing anything. */
export interface Inspection {
  /** Set where a process holds the writer's lock: then nothing else is known. */
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
  const read = (await stateVersion(folder)) === 1 ? readThree : readOne;
  const found = await read(folder, problems);
  // The lock may have been taken meanwhile, and what was read be half of a write.
  const taken = await holder(folder);
  if (taken) return taken;
  const secrets = found.secrets?.secrets;
  return {
    problems,
    torn: found.torn,
    ...(found.devices && {
      pairing: countPairing(found.devices, { requests: found.requests, now }),
    }),
    ...(secrets && {
      secrets: { token: secrets.token !== undefined, password: secrets.password !== undefined },
    }),
  };
}

/** What of the state could be read. */
interface Found {
  readonly secrets?: SecretsState | undefined;
  readonly devices?: PairingState | undefined;
  readonly requests?: RequestsState | undefined;
  readonly torn: number;
}

async function readOne(folder: string, problems: StoreProblem[]): Promise<Found> {
  const found = await readDocumentOf(stateShape, folder, problems);
  return { ...found?.state, torn: found?.torn ?? 0 };
}

/** A state of version 1, which the next start takes over. */
async function readThree(folder: string, problems: StoreProblem[]): Promise<Found> {
  const devices = await readDocumentOf(legacyDevices, folder, problems);
  const secrets = await readDocumentOf(legacySecrets, folder, problems);
  const nodes = await readDocumentOf(legacyNodes, folder, problems);
  const torn = [devices, secrets, nodes].reduce((sum, found) => sum + (found?.torn ?? 0), 0);
  return {
    secrets: secrets?.state,
    devices: devices?.state.devices,
    requests: devices?.state.requests,
    torn,
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

async function readDocumentOf<State, Change>(
  shape: ReplayShape<State, Change>,
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
  { devices, invites }: PairingState,
  { requests, now }: { requests: RequestsState | undefined; now: number },
): NonNullable<Inspection["pairing"]> {
  const unused = [...invites.values()].filter((invite) => isOpen(invite, now));
  const waiting = requests ? requestsOf(requests, "device").filter((one) => isLive(one, now)) : [];
  return { devices: devices.size, pending: waiting.length, invites: unused.length };
}
