import { basename, join } from "node:path";
import {
  ensurePrivateFolder,
  type FileSystem,
  replaceFile,
  systemFiles,
} from "../lib/atomic-file.ts";
import type { World } from "../lib/world.ts";
import type { RequestsState } from "../requests/records.ts";
import { oneBook } from "../requests/take-over.ts";
import { Damage, quarantine } from "../store/damage.ts";
import type { OpenOptions } from "../store/document.ts";
import { DurableFile } from "../store/durable-file.ts";
import { explain, StoreError } from "../store/errors.ts";
import { type DocumentFiles, documentFiles } from "../store/files.ts";
import { Journal } from "../store/journal.ts";
import { readDocument } from "../store/recover.ts";
import type { ReplayShape } from "../store/shape.ts";
import { legacyDevices, legacyNodes, legacySecrets } from "./legacy-state.ts";

/** The folder, in the state folder, that keeps the files of version 1. Nothing reads it. */
export const COPIES = "before-one-journal";

/** The first line of both files says the version within so many bytes. */
const START_BYTES = 512;
const VERSION = /^\{[^\n]{0,256}?"version":(\d{1,9})[,}]/;

interface Outside {
  readonly fs: FileSystem;
  readonly world: World;
}

/** What the three documents of version 1 say together, as the state's parts are called. */
export interface LegacyStates {
  readonly secrets: Awaited<ReturnType<typeof legacySecrets.empty>>;
  readonly devices: ReturnType<typeof legacyDevices.empty>["devices"];
  readonly nodes: ReturnType<typeof legacyNodes.empty>["nodes"];
  readonly requests: RequestsState;
  readonly audit: ReturnType<typeof legacyDevices.empty>["audit"];
  readonly host: ReturnType<typeof legacyDevices.empty>["host"];
}

/** The version that a state folder's files say they have; `undefined` where there are none, or not so. */
export async function stateVersion(
  folder: string,
  fs: FileSystem = systemFiles,
): Promise<number | undefined> {
  const files = documentFiles(folder, legacySecrets.name);
  for (const path of [files.snapshot, files.journal]) {
    const facts = await fs.facts(path).catch(() => undefined);
    if (!facts) continue;
    // Reading a pipe would wait for ever; opening the state refuses it by name.
    if (facts.kind !== "file") return undefined;
    const start = await fs.readFile(path, START_BYTES).catch(() => undefined);
    const [, version] = VERSION.exec(start?.toString("latin1") ?? "") ?? [];
    return version === undefined ? undefined : Number(version);
  }
  return undefined;
}

/**
 * Makes one document of a folder in which there are three of version 1, whose files are kept in
 * {@link COPIES}. A crash at any moment leaves the old state or the new one, whole: the new snapshot
 * comes into place at once, and what is to be done behind it is done at the next start.
 * @throws StoreError where a document is damaged or missing; then nothing was changed
 */
export async function takeOver<Change>(
  shape: ReplayShape<LegacyStates, Change>,
  options: OpenOptions,
): Promise<void> {
  const { folder, world, fs = systemFiles, log } = options;
  const outside = { fs, world };
  try {
    const version = await stateVersion(folder, fs);
    if (version === undefined) await refuseLostKeys(folder, fs);
    if (version === legacySecrets.version) {
      await convert(shape, folder, outside);
      log?.info(
        { folder, copies: join(folder, COPIES) },
        "the state's documents share one journal now",
      );
    }
    if (version === legacySecrets.version || version === shape.version) await tidy(folder, fs);
  } catch (error) {
    if (error instanceof Damage) throw await quarantine(error, outside);
    throw explain(error, { folder });
  }
}

/** What the documents of version 1 say. @throws Damage, StoreError */
export async function readLegacy(
  folder: string,
  outside: Outside,
): Promise<{ state: LegacyStates; seq: number }> {
  const read = <State, Change>(legacy: ReplayShape<State, Change>) =>
    readDocument(legacy, documentFiles(folder, legacy.name), outside);
  const secrets = await read(legacySecrets);
  const { state: pairing } = await read(legacyDevices);
  const { state: both } = await read(legacyNodes);
  const requests = oneBook(pairing.requests, both.requests);
  const state = { ...pairing, secrets: secrets.state, nodes: both.nodes, requests };
  return { state, seq: secrets.seq };
}

async function convert<Change>(
  shape: ReplayShape<LegacyStates, Change>,
  folder: string,
  outside: Outside,
): Promise<void> {
  const { fs } = outside;
  const { state, seq } = await readLegacy(folder, outside);
  await keepCopies(folder, fs);
  const files = documentFiles(folder, shape.name);
  const { name, version } = shape;
  const records = shape.records(state);
  await new DurableFile(files.snapshot, outside).write({ name, version, seq, records });
  // Two journals, of which the second goes on from the first: opening the state takes both away in order.
  if ((await fs.list(folder)).includes(basename(files.next))) return;
  const journal = await Journal.create(files.journal, { name, version, after: seq }, outside);
  await journal.close();
}

async function keepCopies(folder: string, fs: FileSystem): Promise<void> {
  const copies = join(folder, COPIES);
  await ensurePrivateFolder(copies, fs);
  const present = new Set(await fs.list(folder));
  for (const path of [legacySecrets, legacyDevices, legacyNodes].flatMap(({ name }) =>
    kept(documentFiles(folder, name)),
  )) {
    if (!present.has(basename(path))) continue;
    await replaceFile(join(copies, basename(path)), [await fs.readFile(path)], { fs });
  }
}

function kept({ snapshot, journal, next }: DocumentFiles): string[] {
  return [snapshot, journal, next];
}

/** Removes what the new document took the place of, where there is a copy. */
async function tidy(folder: string, fs: FileSystem): Promise<void> {
  const present = new Set(await fs.list(folder));
  const copied = (path: string) =>
    fs.facts(join(folder, COPIES, basename(path))).then(
      () => true,
      () => false,
    );
  const old = [legacyDevices, legacyNodes].flatMap(({ name }) => kept(documentFiles(folder, name)));
  const left: string[] = [];
  for (const path of old) if (present.has(basename(path)) && (await copied(path))) left.push(path);
  for (const { name } of [legacySecrets, legacyDevices, legacyNodes]) {
    const room = `${name}.ballast`;
    if (present.has(room) && (await copied(`${name}.journal`))) left.push(join(folder, room));
  }
  for (const path of left) await fs.unlink(path);
  if (left.length > 0) await fs.syncFolder(folder);
}

/**
 * Refuses a state of devices without the keys that their tokens were made with: new keys would shut all
 * of them out and show another fingerprint, though no owner asked for that.
 */
async function refuseLostKeys(folder: string, fs: FileSystem): Promise<void> {
  const names = await fs.list(folder);
  const has = (name: string) => names.includes(`${name}.json`) || names.includes(`${name}.journal`);
  const { name } = legacySecrets;
  if (has(name) || !has(legacyDevices.name)) return;
  throw new StoreError("STORE_DAMAGED", {
    folder,
    file: join(folder, `${name}.journal`),
    detail: `it and ${name}.json are missing, though ${legacyDevices.name}.* is there`,
  });
}
