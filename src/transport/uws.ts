import uWS, {
  type HttpRequest,
  type HttpResponse,
  type TemplatedApp,
  type us_listen_socket,
  type us_socket_context_t,
  type WebSocket,
} from "uWebSockets.js";
import { chmodSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Connection } from "../gateway/connection.ts";
import type { MemoryAccount } from "../gateway/memory.ts";
import type { Places } from "../gateway/places.ts";
import type { Peer, Socket } from "../gateway/socket.ts";
import type { PendingUpgrade } from "../gateway/upgrade-queue.ts";
import { sourceKey } from "../lib/net.ts";
import { endedConnections } from "../lib/tcp-table.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import { problem } from "./answers.ts";
import { EndedSockets } from "./ended-sockets.ts";
import type { HttpDeps } from "./http.ts";
import { HttpAnswers } from "./http-answers.ts";
import { IdleSockets } from "./idle-sockets.ts";
import { ListenError } from "./listen-error.ts";
import type { PeerReader } from "./peer.ts";
import { type AnswerWay, sendAnswer, serveHttp } from "./uws-http.ts";
import { type SocketOwner, UwsSocket } from "./uws-socket.ts";

/** What the transport hands sockets to. */
export interface SocketHost {
  /** Where it says what sockets there are, and what is held for them. */
  readonly places: Places;
  readonly memory: MemoryAccount;
  /** Calls one of the functions of `upgrade`, at once or later; returns how to leave before that. */
  requestUpgrade(peer: Peer, upgrade: PendingUpgrade): () => void;
  open(socket: Socket): Connection;
  count(metric: string): void;
  failed(message: string, facts: object): void;
}

export interface UwsDeps {
  readonly host: SocketHost;
  readonly http: HttpDeps;
  readonly peers: PeerReader;
  readonly limits: Limits;
  readonly world: Pick<World, "after" | "monotonic">;
}

/** `LIBUS_LISTEN_EXCLUSIVE_PORT`, which the package declares only as a type. */
const EXCLUSIVE_PORT = 1;

/** Seconds of silence after which a socket is dropped; a ping goes out 16 s before (measured). */
const IDLE_SECONDS = 40;

/** Sockets past the number of connections that are still answered, with HTTP 503. */
const REFUSABLE = 64;

/** Time that a proxy may take to hang up when the gateway ends one of its connections. */
const PROXY_ENDS_MS = 2_000;

/**
 * What uWebSockets.js says of a message past its limit: a fixed reason of the library, which has no other
 * sign for it. No client can send it, for none can close with code 1006.
 */
const TOO_BIG = "Received too big message";

/** With these, or with none (1005), a client closes that is done; others say that something was amiss. */
const GOODBYES: ReadonlySet<number> = new Set([1000, 1001, 1005]);

interface UserData {
  peer: Peer;
  connection?: Connection;
  socket?: UwsSocket;
}

/** The WebSocket and HTTP server. Only this file and uws-http.ts touch uWebSockets.js. */
export class UwsServer {
  readonly #listening: us_listen_socket[] = [];
  readonly #tcp: TemplatedApp;
  #unix: TemplatedApp | undefined;
  /** How many sockets speak HTTP or nothing yet. */
  #plain = 0;
  readonly #ended: EndedSockets;
  /** The same behind a proxy, which hangs up at once. */
  readonly #endedBehindProxy: EndedSockets;
  readonly #ports = new Set<number>();
  readonly #answers: HttpAnswers;
  readonly #owner: SocketOwner;
  readonly #webSockets = new Set<WebSocket<UserData>>();
  /** Requests that wait for their upgrade. */
  readonly #waiting = new Set<HttpResponse>();
  readonly #idle: IdleSockets;

  constructor(private readonly deps: UwsDeps) {
    const { host, limits, world } = deps;
    const { places, memory } = host;
    this.#idle = new IdleSockets(limits, () => world.monotonic(), places);
    const ask = () => this.#stillOpen();
    this.#ended = new EndedSockets({ places, endedMs: limits.endedMs, world, ask });
    this.#endedBehindProxy = new EndedSockets({ places, endedMs: PROXY_ENDS_MS, world });
    this.#answers = new HttpAnswers({
      limits,
      memory,
      world,
      count: (metric) => host.count(metric),
    });
    this.#owner = {
      // Where the gateway stops, nothing is left to keep places for.
      mayLinger: ({ source, behindProxy }, device) =>
        this.#listening.length === 0 ||
        (behindProxy ? this.#endedBehindProxy : this.#ended).add(source, device),
      after: (ms, run) => void (ms === undefined ? setImmediate(run) : world.after(ms, run)),
      slowConsumerMs: limits.slowConsumerMs,
    };
    this.#tcp = this.#app(false);
  }

  /** Listens on an address; resolves with the port, rejects when it is taken. */
  listen(address: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const listening = (socket: us_listen_socket | false) => {
        if (!socket) return reject(new ListenError(address, port));
        this.#listening.push(socket);
        const actual = uWS.us_socket_local_port(socket as never);
        this.#ports.add(actual);
        resolve(actual);
      };
      // Exclusive: uSockets would otherwise share the port with another gateway unnoticed.
      const listen = this.#tcp.listen as unknown as (...args: unknown[]) => void;
      listen.call(this.#tcp, address, port, EXCLUSIVE_PORT, listening);
    });
  }

  /**
   * Listens on a Unix socket for a reverse proxy; rejects with ListenError. In a setgid folder its
   * group may connect; in others only the owner may. uSockets binds it 0700 under any umask, so the
   * mode is set afterwards.
   */
  listenUnix(path: string): Promise<void> {
    this.#unix ??= this.#app(true);
    return new Promise((resolve, reject) => {
      this.#unix?.listen_unix((socket) => {
        if (!socket) return reject(new ListenError(path, 0));
        this.#listening.push(socket);
        const setgid = (statSync(dirname(path)).mode & 0o2000) !== 0;
        chmodSync(path, setgid ? 0o660 : 0o600);
        resolve();
      }, path);
    });
  }

  /** Sockets that were ended and are still open, by source, as the kernel knows them. */
  async #stillOpen(): Promise<ReadonlyMap<string, number> | undefined> {
    const addresses = await endedConnections(this.#ports);
    if (addresses === undefined) return undefined;
    const sources = new Map<string, number>();
    for (const [address, count] of addresses) {
      const source = sourceKey(address);
      sources.set(source, (sources.get(source) ?? 0) + count);
    }
    return sources;
  }

  /** Stops listening; open connections stay. */
  stopListening(): void {
    for (const socket of this.#listening.splice(0)) uWS.us_listen_socket_close(socket);
  }

  /** Drops all sockets that are left. */
  close(): void {
    this.#listening.length = 0;
    this.#tcp.close();
    this.#unix?.close();
  }

  /**
   * Bounds sockets that have not sent a request yet too: they have descriptors, and uWebSockets.js
   * spins where none is left. Some more than connections may be, so that those are refused by name.
   */
  #plainChanged(res: HttpResponse, change: 1 | -1, unixSocket: boolean): void {
    // What became a WebSocket is not reported as gone here.
    this.#plain += change;
    this.deps.host.places.others(change);
    if (change < 0) return;
    const most = this.deps.limits.connections + REFUSABLE;
    const ended = this.#ended.size + this.#endedBehindProxy.size;
    const crowded = this.#plain + this.#webSockets.size + ended > most;
    const refusal = crowded ? "connections-refused" : unixSocket ? undefined : this.#dialled(res);
    if (refusal === undefined) return;
    this.deps.host.count(refusal);
    res.close();
  }

  /** Counts a socket against the address that it comes from; under which counter it is refused. */
  #dialled(res: HttpResponse): string | undefined {
    const dialler = this.deps.peers.dialler(addressOf(res));
    if (dialler === undefined) return undefined;
    // One that holds none is answered, be it that there is no place: whether the gateway lives, too.
    const hasRoom = this.#ended.hasRoom(dialler);
    if (!hasRoom && this.deps.host.places.heldBy(dialler) > 0) return "connections-refused";
    if (!this.#idle.opened(dialler)) return "silent-refused";
    // Called where it ends without a request; the first answer takes it away.
    res.onAborted(() => this.#idle.gone(dialler));
    return undefined;
  }

  #app(unixSocket: boolean): TemplatedApp {
    const { limits } = this.deps;
    const app = uWS.App();
    const changed = (res: HttpResponse, change: unknown) =>
      this.#plainChanged(res, change === 1 ? 1 : -1, unixSocket);
    app.filter(changed);
    app.ws<UserData>("/*", {
      compression: uWS.DISABLED,
      maxPayloadLength: limits.transportPayloadBytes,
      // Our own limit acts first and closes by name; this one must only never act before it.
      maxBackpressure: limits.bufferedBytes * 2,
      idleTimeout: IDLE_SECONDS,
      sendPingsAutomatically: true,
      upgrade: (res, req, context) => this.#upgrade(res, req, { context, unixSocket }),
      open: (ws) => this.#open(ws),
      ping: unreadChanged,
      drain: unreadChanged,
      message: (ws, message) => {
        const bytes = Buffer.from(message);
        ws.getUserData().connection?.receive(bytes.toString("utf8"), bytes.length);
      },
      close: (ws, code, message) => {
        this.#webSockets.delete(ws);
        const { connection, socket } = ws.getUserData();
        if (!connection) return;
        // The only sign of a message past maxPayloadLength: uWS drops the socket by itself.
        const dropped = code === 1006 && Buffer.from(message).toString() === TOO_BIG;
        if (dropped) this.deps.host.count("transport-dropped");
        socket?.closed();
        connection.gone(GOODBYES.has(code));
      },
    });
    app.any("/*", (res, req) => this.#plainRequest(res, req, unixSocket));
    return app;
  }

  #plainRequest(res: HttpResponse, req: HttpRequest, unixSocket: boolean): void {
    const address = addressOf(res);
    const { source } = this.#peer(req, address, unixSocket);
    const dialler = unixSocket ? undefined : this.deps.peers.dialler(address);
    const way = this.#way(source, dialler, hasNoBody(req));
    const failed = (err: unknown) => this.deps.host.failed("an HTTP request failed", { err });
    serveHttp(res, req, { deps: this.deps.http, way, failed });
  }

  /** A proxy's connections are its own: it keeps as many as it wants. */
  #way(source: string, dialler: string | undefined, mayStay = true): AnswerWay {
    const answers = this.#answers;
    if (dialler === undefined) return { source, answers, stay: mayStay, stays: () => {} };
    const stay = mayStay && this.#idle.mayStay(dialler);
    return { source, answers, stay, stays: () => this.#idle.answered(dialler) };
  }

  #peer(req: HttpRequest, address: string, unixSocket: boolean): Peer {
    return this.deps.peers.read({ address, unixSocket, header: (name) => headerOf(req, name) });
  }

  #upgrade(
    res: HttpResponse,
    req: HttpRequest,
    how: { context: us_socket_context_t; unixSocket: boolean },
  ): void {
    // uWebSockets.js looks at the key alone. What does not ask for a WebSocket as HTTP does is a plain
    // request: a proxy that counts handshakes must know every one of them.
    if (!/(^|,)\s*websocket\s*(,|$)/i.test(req.getHeader("upgrade"))) {
      return this.#plainRequest(res, req, how.unixSocket);
    }
    const address = addressOf(res);
    const peer = this.#peer(req, address, how.unixSocket);
    // A request is gone when this function returns, and the answer may be given later.
    const [protocol = ""] = req.getHeader("sec-websocket-protocol").split(",");
    const key = req.getHeader("sec-websocket-key");
    const extensions = req.getHeader("sec-websocket-extensions");
    const last = isLast(req);
    const upgrade = () => {
      res.upgrade<UserData>({ peer }, key, protocol.trim(), extensions, how.context);
    };
    const dialler = how.unixSocket ? undefined : this.deps.peers.dialler(address);
    if (dialler !== undefined) this.#idle.upgraded(dialler);
    const no = (answer: RefusedUpgrade) => {
      const way = this.#way(peer.source, dialler);
      // A connection that may be used again counts as one that has not asked.
      if (dialler !== undefined && way.stay) this.#idle.opened(dialler);
      refuse(res, answer, way);
    };
    let decided = false;
    const leave = this.deps.host.requestUpgrade(peer, {
      accept: () => {
        decided = true;
        if (this.#waiting.delete(res)) this.#upgradeLate(res, upgrade);
        else upgrade();
      },
      refuse: (refusal) => {
        decided = true;
        this.#waiting.delete(res);
        no(refusal);
      },
    });
    if (decided) return;
    if (last) {
      leave();
      this.deps.host.count(cannotWait.metric);
      return no(cannotWait);
    }
    this.#waiting.add(res);
    res.onAborted(() => {
      this.#waiting.delete(res);
      leave();
    });
  }

  /**
   * Upgrades a request whose handler has returned. If the response itself had the cork, `res.cork`
   * would afterwards look whether that response asks to be closed, in memory where the WebSocket
   * now is, and drop it by the value of a pointer (uWebSockets issue 1928; the binary for Node.js
   * 20 has it). It looks only if it took the cork, so another socket has the cork meanwhile. The
   * other place that may close, the end of the response's headers, closes for `Connection: close`
   * alone, and such a request never waits. Where there is no other socket, the upgrade works
   * without, but uWebSockets.js prints a warning.
   */
  #upgradeLate(res: HttpResponse, upgrade: () => void): void {
    const [other] = this.#webSockets.size > 0 ? this.#webSockets : this.#waiting;
    if (other) other.cork(() => void res.cork(upgrade));
    else upgrade();
  }

  #open(ws: WebSocket<UserData>): void {
    this.#plain -= 1;
    this.deps.host.places.others(-1);
    this.#webSockets.add(ws);
    const data = ws.getUserData();
    data.socket = new UwsSocket(ws, data.peer, this.#owner);
    data.connection = this.deps.host.open(data.socket);
  }
}

/** What a client has not read changes by itself with a pong that it is sent, and when it reads. */
function unreadChanged(ws: WebSocket<UserData>): void {
  const { connection, socket } = ws.getUserData();
  socket?.look();
  connection?.unreadChanged();
}

/** Whether a request is over with its headers; what comes behind others could keep its connection open. */
function hasNoBody(req: HttpRequest): boolean {
  const method = req.getMethod();
  if (method !== "get" && method !== "head") return false;
  return req.getHeader("content-length") === "" && req.getHeader("transfer-encoding") === "";
}

/** The peer's own address; empty for a Unix socket. */
function addressOf(res: HttpResponse): string {
  return Buffer.from(res.getRemoteAddressAsText()).toString();
}

/** All values of a header: a client's own line must not hide the one that a proxy added. */
function headerOf(req: HttpRequest, name: string): string {
  const first = req.getHeader(name);
  if (first === "" || !name.includes("forwarded")) return first;
  const values: string[] = [];
  req.forEach((key, value) => {
    if (key === name) values.push(value);
  });
  return values.join(",");
}

/** Whether uWebSockets.js takes a request for the last of its connection: it looks at the length too. */
function isLast(req: HttpRequest): boolean {
  return req.getHeader("connection").length === "close".length;
}

const cannotWait = {
  status: "503 Service Unavailable",
  text: "Too many unauthenticated sockets, and only a request with Connection: Upgrade may wait",
  metric: "unauthenticated-refused",
};

interface RefusedUpgrade {
  readonly status: string;
  readonly text: string;
}

function refuse(res: HttpResponse, refusal: RefusedUpgrade, way: AnswerWay): void {
  const what = { detail: refusal.text, code: "too-many-sockets", next: "try again later" };
  sendAnswer(res, problem(refusal.status, what), { ...way, headOnly: false });
}
