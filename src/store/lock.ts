import { readlinkSync } from "node:fs";
import { chmod, lstat, readdir, readlink, rename, symlink, unlink } from "node:fs/promises";
import type { Server } from "node:net";
import { hostname } from "node:os";
import { ensurePrivateFolder } from "../lib/atomic-file.ts";
import { SocketFolder } from "../lib/socket-folder.ts";
import { systemWorld, type World } from "../lib/world.ts";
import { explain, StoreError, systemCode } from "./errors.ts";
import { listen, type Probe, probe, stopListening } from "./lock-socket.ts";

/**
 * The writer's lock of a state folder. `writer.sock` is a symbolic link to the listening socket of its
 * holder, and a holder that answers there is alive; so neither kill -9 nor another container's process
 * numbers can make it stale or fool it. (All contenders must share one kernel.) It is ours because
 * packages go by a time stamp that the holder renews: one that was killed keeps the next out until
 * the stamp is old, and one whose process was stopped for as long goes on beside the next.
 *
 * The difficulty is to take it from a dead holder while others try the same. No file can be replaced
 * "only if it still is what I looked at", so the right to do it is made exclusive first. Every
 * contender listens at a name that is never used again, `writer-<id>.sock`. To follow a dead X it
 * creates the link `writer-<X>.heir`, which points to its own socket and which only one can create.
 * Should that heir die as well, it is followed in the same way. So from `writer.sock` a chain leads
 * over the dead to the one contender that lives, and it alone may change `writer.sock`: it looks
 * again whether the chain still begins where it did, renames its own link over it, and only then
 * tidies the chain away. A contender that was slow finds another beginning and starts again.
 */
export interface WriterLock {
  /** Gives the lock up. The next contender gets it at once. */
  release(): Promise<void>;
}

/** What the holder tells others; shown to people, so no secrets. */
export interface LockHolder {
  pid: number;
  version: string;
  /** Wall clock, milliseconds since the epoch. */
  startedAt: number;
  /** Where to talk to it, if it listens. */
  adminSocket?: string;
  /** In which the number of its process means something, as the kernel names it; Linux only. */
  pidNamespace?: string;
  /** Name of the machine or container that it runs in. */
  host?: string;
  [fact: string]: unknown;
}

export interface LockOptions {
  describe: LockHolder;
  world?: World;
  /** How long a holder may take to answer before it is reported as one that does not. */
  answerMs?: number;
}

/** What of a holder tells containers apart, for {@link LockOptions.describe}. */
export function ownPlace(): Pick<LockHolder, "pidNamespace" | "host"> {
  const host = hostname();
  try {
    return { host, pidNamespace: readlinkSync("/proc/self/ns/pid") };
  } catch {
    return { host };
  }
}

const pointer = "writer.sock";
const namePattern = /^writer-([0-9a-f]{16})\.sock$/;
const litterPattern = /^writer-([0-9a-f]{16})\.(sock|heir|new)$/;
/** What is younger than this may belong to a contender that is still at it. */
const sweepAgeMs = 60_000;
const longestName = "writer-0123456789abcdef.sock".length;
/** Contenders meet for milliseconds; this many rounds of 20 ms are patience enough. */
const rounds = 100;
const roundMs = 20;

/**
 * Takes the lock of `folder`, making the folder if need be.
 * @throws StoreError (STORE_LOCKED, with the holder, or another code)
 */
export async function acquireWriterLock(folder: string, options: LockOptions): Promise<WriterLock> {
  const world = options.world ?? systemWorld;
  const within = await openFolder(folder).catch((error) => {
    throw explain(error, { folder });
  });
  const contender = new Contender(within, { ...options, world });
  try {
    await contender.acquire();
  } catch (error) {
    await contender.release();
    throw explain(error, { folder, file: within.file(pointer) });
  }
  return contender;
}

async function openFolder(folder: string): Promise<SocketFolder> {
  await ensurePrivateFolder(folder);
  return SocketFolder.open(folder, longestName);
}

type Settings = LockOptions & { world: World };

class Contender implements WriterLock {
  readonly #folder: SocketFolder;
  readonly #settings: Settings;
  readonly #id: string;
  #server: Server | undefined;
  #released = false;

  constructor(folder: SocketFolder, settings: Settings) {
    this.#folder = folder;
    this.#settings = settings;
    this.#id = settings.world.bytes(8).toString("hex");
  }

  async acquire(): Promise<void> {
    const name = socketName(this.#id);
    const answer = JSON.stringify(this.#settings.describe);
    this.#server = await listen(this.#folder.socket(name), answer);
    await chmod(this.#folder.file(name), 0o600);
    let seen: Probe = { state: "dead" };
    for (let round = 0; round < rounds; round += 1) {
      const outcome = await this.#attempt();
      if (outcome === "held") return this.#settle();
      if (outcome !== "again") {
        seen = outcome.probe;
        // The owner of the name has the lock; an heir is about to, and is asked again in a moment.
        if (outcome.holder || !("answer" in seen)) break;
      }
      await new Promise<void>((resolve) => this.#settings.world.after(roundMs, resolve));
    }
    throw this.#locked(seen);
  }

  /** One look along the chain. */
  async #attempt(): Promise<"held" | "again" | { probe: Probe; holder: boolean }> {
    if (await this.#link(pointer)) return "held";
    const first = await this.#target(pointer);
    if (first === undefined) return "again";
    const chain: string[] = [];
    for (let id = first; ; ) {
      const found = await this.#probe(id);
      if (found.state === "alive") return { probe: found, holder: chain.length === 0 };
      chain.push(id);
      if (await this.#link(heirName(id))) return this.#inherit(chain, first);
      const heir = await this.#target(heirName(id));
      if (heir === undefined || chain.includes(heir)) return "again";
      id = heir;
    }
  }

  /** We are the living end of the chain: if it still begins at `first`, the lock is ours to take. */
  async #inherit(chain: readonly string[], first: string): Promise<"held" | "again"> {
    const last = chain.at(-1) ?? first;
    if ((await this.#target(pointer)) !== first) {
      await this.#remove(heirName(last));
      return "again";
    }
    const replacement = `writer-${this.#id}.new`;
    await symlink(socketName(this.#id), this.#folder.file(replacement));
    await rename(this.#folder.file(replacement), this.#folder.file(pointer));
    for (const id of chain) {
      await this.#remove(heirName(id));
      await this.#remove(socketName(id));
    }
    return "held";
  }

  async #settle(): Promise<void> {
    if ((await this.#target(pointer)) !== this.#id) throw this.#locked({ state: "alive" });
    // The lock must not keep a process alive that has nothing else to do.
    this.#server?.unref();
    await this.#sweep();
  }

  /** What contenders left behind that were killed at an unlucky moment. */
  async #sweep(): Promise<void> {
    for (const name of await readdir(this.#folder.path)) {
      const [, id, kind] = litterPattern.exec(name) ?? [];
      if (!id || id === this.#id) continue;
      // A socket that is just being bound refuses calls as well, so only old ones count as dead.
      const stat = await lstat(this.#folder.file(name)).catch(() => undefined);
      if (!stat || this.#settings.world.now() - stat.mtimeMs < sweepAgeMs) continue;
      if (kind === "sock" && (await this.#probe(id)).state === "alive") continue;
      await this.#remove(name);
    }
  }

  #probe(id: string): Promise<Probe> {
    const { world, answerMs = 2_000 } = this.#settings;
    return probe(this.#folder.socket(socketName(id)), world, answerMs);
  }

  /** Creates a link to our socket; false if the name is taken. */
  async #link(name: string): Promise<boolean> {
    try {
      await symlink(socketName(this.#id), this.#folder.file(name));
      return true;
    } catch (error) {
      if (systemCode(error) === "EEXIST") return false;
      throw error;
    }
  }

  /** The id that a link points to; undefined if there is none any more. */
  async #target(name: string): Promise<string | undefined> {
    try {
      const id = namePattern.exec(await readlink(this.#folder.file(name)))?.[1];
      if (id) return id;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      if (systemCode(error) !== "EINVAL") throw error;
    }
    const file = this.#folder.file(name);
    const detail = `${file} is not a lock of ours: remove it if nothing uses it`;
    throw new StoreError("STORE_LOCKED", { folder: this.#folder.path, file, detail });
  }

  async #remove(name: string): Promise<void> {
    await unlink(this.#folder.file(name)).catch((error) => {
      if (systemCode(error) !== "ENOENT") throw error;
    });
  }

  #locked(found: Probe): StoreError {
    const answer = found.state === "alive" ? found.answer : undefined;
    const detail = answer ? describe(answer) : "another process holds it and does not answer";
    return new StoreError("STORE_LOCKED", { folder: this.#folder.path, detail });
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    // The name goes first: a name whose socket is closed would look like a crash to others.
    const own = await this.#target(pointer).catch(() => undefined);
    if (own === this.#id) await this.#remove(pointer);
    if (this.#server) await stopListening(this.#server);
    await this.#folder.close();
  }
}

function socketName(id: string): string {
  return `writer-${id}.sock`;
}

function heirName(id: string): string {
  return `writer-${id}.heir`;
}

/** The holder's own words, fit for a terminal: it may be any program that listens there. */
function describe(answer: string): string {
  try {
    const holder = JSON.parse(answer) as Partial<LockHolder>;
    const { pid, version, startedAt, adminSocket } = holder;
    const since = new Date(Number(startedAt)).toISOString();
    const where = adminSocket ? `, admin socket ${plain(adminSocket)}` : "";
    const who = `process ${Number(pid)}${placeWords(holder)}`;
    return `held by ${who}, version ${plain(version)}, since ${since}${where}`;
  } catch {
    return "another process holds it, and its answer makes no sense";
  }
}

/** A process number that means another process here must not be taken for a command's argument. */
function placeWords({ pidNamespace, host }: Partial<LockHolder>): string {
  const own = ownPlace();
  if (pidNamespace === undefined || pidNamespace === own.pidNamespace) return "";
  const named = host === undefined || host === own.host ? "" : ` (${plain(host)})`;
  return ` of another container or process-id namespace${named}`;
}

function plain(text: unknown): string {
  return String(text)
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, 200);
}
