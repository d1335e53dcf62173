import { chmodSync, lstatSync, statSync, unlinkSync } from "node:fs";
import { connect, createServer, type Socket as NetSocket, type Server } from "node:net";
import { basename, dirname } from "node:path";
import type { Requester } from "../gateway/dispatch.ts";
import type { Said } from "../gateway/local-requests.ts";
import { Holding, type MemoryAccount } from "../gateway/memory.ts";
import { SocketFolder } from "../lib/socket-folder.ts";
import { whyFailed } from "../lib/system-words.ts";
import { systemWorld } from "../lib/world.ts";
import { openclaw, shell } from "../protocol/command.ts";
import { encodeError, type RequestFrame, readRequest } from "../protocol/frames.ts";
import { say, type Text } from "../protocol/text.ts";

export interface LocalSocketDeps {
  readonly path: string;
  /** What people know the socket as. */
  readonly name: "admin" | "approve";
  readonly bounds: {
    readonly connections: number;
    readonly frameBytes: number;
    /** Levels of objects and lists in one frame. */
    readonly frameLevels: number;
    /** Unread bytes of events; who lets more pile up is sent away. */
    readonly queueBytes: number;
    /** Unread bytes of answers; who lets more pile up is dropped. */
    readonly bufferedBytes: number;
    /** A connection that is silent for longer is dropped. */
    readonly idleMs?: number;
    /** Time to read the last answers when refused, or when the gateway stops. */
    readonly hangUpMs: number;
    /** How many refused clients may take that time at once. */
    readonly leaving: number;
  };
  readonly dispatch: (from: Requester, frame: RequestFrame, said: Said) => void;
  /** A bound was passed: of connections or frames, or of what was not read. */
  readonly refused: (why: "refused" | "slow") => void;
  /** Where it says what is held for its clients; left out by tests that are not about that. */
  readonly memory?: MemoryAccount;
}

/** One program's connection: frames as lines. */
class LocalClient implements Requester {
  readonly id: string;
  inFlight = 0;
  #rest = "";
  #failed = false;
  readonly #ends = new Set<(left: boolean) => void>();
  readonly #holding: Holding;
  readonly receiver = {
    seq: 0,
    isSlow: () => this.socket.writableLength > this.deps.bounds.queueBytes / 2,
    push: (text: string) => this.#push(text),
  };

  constructor(
    private readonly socket: NetSocket,
    private readonly deps: LocalSocketDeps,
    serial: number,
  ) {
    this.id = `host-${serial}`;
    const drop = () => {
      deps.refused("slow");
      socket.destroy();
    };
    this.#holding = new Holding(this.id, drop, false);
    socket.setEncoding("utf8");
    const { idleMs } = deps.bounds;
    if (idleMs !== undefined) socket.setTimeout(idleMs, () => socket.destroy());
    socket.on("data", (chunk: string) => this.#data(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("drain", () => this.#account());
    socket.on("close", () => {
      deps.memory?.set(this.#holding, 0);
      for (const end of this.#ends) end(true);
      this.#ends.clear();
    });
  }

  send(text: string): void {
    const { socket, deps } = this;
    if (!socket.writable) return;
    // A single answer may be larger: it goes out whole to who has read what came before.
    const unread = socket.writableLength;
    if (unread > 0 && unread + text.length > deps.bounds.bufferedBytes) {
      deps.refused("slow");
      socket.destroy();
      return;
    }
    socket.write(asLine(text));
    this.#account();
  }

  /** Says what is held for it now. */
  #account(): void {
    if (this.socket.destroyed) return;
    this.deps.memory?.set(this.#holding, this.socket.writableLength);
  }

  /**
   * Sends an event that the client subscribed to. A client that stops reading is dismissed, so that
   * unread events stay below `queueBytes`.
   */
  #push(text: string): boolean {
    if (this.#failed || !this.socket.writable) return false;
    if (this.socket.writableLength + text.length > this.deps.bounds.queueBytes) {
      this.deps.refused("slow");
      this.dismiss("events were not read in time");
      return false;
    }
    this.send(text);
    return true;
  }

  onEnd(then: (left: boolean) => void): () => void {
    this.#ends.add(then);
    return () => this.#ends.delete(then);
  }

  #data(chunk: string): void {
    // Who was refused is not served, and what it still sends is not kept.
    if (this.#failed) return;
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!this.#fits(line)) return;
      if (line.trim() !== "") this.#line(line);
    }
    this.#fits(this.#rest);
  }

  #fits(text: string): boolean {
    if (text.length <= this.deps.bounds.frameBytes) return true;
    this.deps.refused("refused");
    this.fail("frame too large");
    return false;
  }

  #line(line: string): void {
    const parsed = readRequest(line, this.deps.bounds.frameLevels) ?? notJson;
    if (parsed.ok) return this.deps.dispatch(this, parsed.frame, saidIn(parsed.frame));
    const message = `invalid request frame: ${parsed.problem}`;
    this.send(encodeError(parsed.id, { code: "INVALID_REQUEST", message }));
  }

  /** Ends the connection with a reason. */
  fail(message: string): void {
    this.#say(message);
    this.socket.destroySoon();
  }

  /**
   * Ends the connection with a reason, and leaves it to the client to hang up, within `hangUpMs`: a
   * client that writes to a closed socket fails and never reads the reason.
   */
  dismiss(message: string): void {
    this.#say(message);
    destroyAfter(this.socket, this.deps.bounds.hangUpMs);
    this.socket.end();
  }

  #say(message: string): void {
    this.#failed = true;
    this.#rest = "";
    this.send(encodeError("invalid", { code: "UNAVAILABLE", message }));
  }
}

/**
 * A socket for programs of this machine: the same frames as on the network side, one a line. Folder and
 * file mode say who may use it (the owner, or who approves over SSH); nothing here pairs, and nothing
 * here depends on the network.
 */
export class LocalServer {
  readonly #server: Server;
  readonly #sockets = new Set<NetSocket>();
  /** Refused, and not gone yet. */
  readonly #leaving = new Set<NetSocket>();
  #serial = 0;
  #folder: SocketFolder | undefined;

  constructor(private readonly deps: LocalSocketDeps) {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /**
   * Listens. A dead socket file is replaced; one that answers belongs to another gateway.
   * @throws SocketTaken where another gateway answers, SocketBlocked where something stands in the
   * way
   */
  async listen(): Promise<void> {
    const { path, name } = this.deps;
    const folder = await SocketFolder.open(dirname(path), Buffer.byteLength(basename(path)));
    this.#folder = folder;
    const socket = folder.socket(basename(path));
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there && !there.isSocket())
      throw new SocketBlocked({ path, name, why: "something else is there" });
    if (await answers(socket)) throw new SocketTaken(path, name);
    if (there) unlinkSync(path);
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => {
        reject(new SocketBlocked({ path, name, why: whyBlocked(path, error) }));
      });
      this.#server.listen(socket, resolve);
    });
    // Running out of descriptors must not end the process.
    this.#server.removeAllListeners("error").on("error", () => undefined);
    const setgid = (statSync(dirname(path)).mode & 0o2000) !== 0;
    chmodSync(path, setgid ? 0o660 : 0o600);
  }

  #accept(socket: NetSocket): void {
    this.#serial += 1;
    const client = new LocalClient(socket, this.deps, this.#serial);
    if (this.#sockets.size >= this.deps.bounds.connections) {
      this.deps.refused("refused");
      this.#refuse(socket, client);
      return;
    }
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #refuse(socket: NetSocket, client: LocalClient): void {
    const message = `too many ${this.deps.name} connections`;
    if (this.#leaving.size >= this.deps.bounds.leaving) return client.fail(message);
    this.#leaving.add(socket);
    socket.on("close", () => this.#leaving.delete(socket));
    client.dismiss(message);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // What was answered goes out; a client that never hangs up must not hold up a stop.
    for (const socket of [...this.#sockets, ...this.#leaving]) {
      destroyAfter(socket, this.deps.bounds.hangUpMs);
      socket.destroySoon();
    }
    await closed;
    await this.#folder?.close();
  }
}

/**
 * A frame as the line that it is here. Some of its JSON may be a client's own text, passed on as it
 * came: a line break in it is white space, for inside a string JSON has none, so a space does as well
 * and no client can end a line and begin one of its own.
 */
function asLine(frame: string): string {
  return `${/[\r\n]/.test(frame) ? frame.replace(/[\r\n]+/g, " ") : frame}\n`;
}

/** Destroys `socket` after `ms` milliseconds, even while its client goes on sending. */
function destroyAfter(socket: NetSocket, ms: number): void {
  const timer = systemWorld.after(ms, () => socket.destroy());
  socket.once("close", () => timer.cancel());
}

class SocketTaken extends Error {
  override readonly name = "SocketTaken";
  readonly code = "ADMIN_SOCKET_TAKEN";
  readonly next =
    say`${openclaw`gateway status`}, or give this gateway its own OPENCLAW_ADMIN_SOCKET`;

  constructor(path: string, name: string) {
    super(`another gateway answers on the ${name} socket ${path}`);
  }
}

class SocketBlocked extends Error {
  override readonly name = "SocketBlocked";
  readonly code = "ADMIN_SOCKET_BLOCKED";
  readonly next: Text;

  constructor({ path, name, why }: { path: string; name: string; why: string }) {
    super(`the ${name} socket ${path} cannot be made: ${why}`);
    this.next = say`look at it (${shell`ls -ld ${path}`}), then move what is there away`;
  }
}

/** Node.js calls a folder that is missing one that may not be used. */
function whyBlocked(path: string, error: unknown): string {
  return lstatSync(dirname(path), { throwIfNoEntry: false })
    ? whyFailed(error)
    : "its folder is not there";
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

const notJson = { ok: false, id: "invalid", problem: "must be object" } as const;

function saidIn(value: unknown): Said {
  const { claims, key, address } = value as Readonly<Record<string, unknown>>;
  return {
    ...(typeof claims === "string" && { claims }),
    ...(typeof key === "string" && { key }),
    ...(typeof address === "string" && { address }),
  };
}
