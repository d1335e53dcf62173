import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Requester } from "../../src/gateway/dispatch.ts";
import type { Said } from "../../src/gateway/local-requests.ts";
import { MemoryAccount } from "../../src/gateway/memory.ts";
import { type Limits, limitValues } from "../../src/limits/table.ts";
import { openclaw } from "../../src/protocol/command.ts";
import type { RequestFrame } from "../../src/protocol/frames.ts";
import { LocalServer } from "../../src/transport/local-socket.ts";
import type { Frame } from "../kit/client.ts";
import { until } from "../kit/until.ts";

let folder: string;
let path: string;
let server: LocalServer | undefined;
const frames: RequestFrame[] = [];
const requesters: Requester[] = [];
const refusals: string[] = [];
const saids: Said[] = [];
let memory = new MemoryAccount({ heldBytes: 1e9 });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "admin-test-"));
  path = join(folder, "admin.sock");
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  for (const list of [frames, requesters, refusals, saids]) list.length = 0;
  await rm(folder, { recursive: true, force: true });
});

/** The bounds of each of the two sockets, as the gateway gives them. */
const kinds = {
  admin: (limits: Limits) => ({
    connections: limits.adminConnections,
    frameBytes: limits.adminFrameBytes,
    frameLevels: limits.frameLevels,
    queueBytes: limits.adminQueueBytes,
    bufferedBytes: limits.adminBufferedBytes,
    hangUpMs: limits.localHangUpMs,
    leaving: limits.localLeaving,
  }),
  approve: (limits: Limits) => ({
    connections: limits.approveConnections,
    frameBytes: limits.approveFrameBytes,
    frameLevels: limits.frameLevels,
    queueBytes: 0,
    bufferedBytes: limits.adminBufferedBytes,
    idleMs: limits.approveIdleMs,
    hangUpMs: limits.localHangUpMs,
    leaving: limits.localLeaving,
  }),
};

async function start(
  limits: Partial<Limits> = {},
  name: keyof typeof kinds = "admin",
): Promise<LocalServer> {
  server = new LocalServer({
    path,
    name,
    bounds: kinds[name](limitValues(limits)),
    dispatch: (from, frame, said) => {
      frames.push(frame);
      requesters.push(from);
      saids.push(said);
      from.send(JSON.stringify({ id: frame.id, ok: true }));
    },
    refused: (why) => refusals.push(`${name}-${why}`),
    memory,
  });
  await server.listen();
  return server;
}

/** A command line on the socket: what it was told, line by line. */
class Line {
  readonly answers: Frame[] = [];
  closed = false;
  #rest = "";
  readonly #wakers = new Set<() => void>();

  private constructor(readonly socket: Socket) {
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      const lines = (this.#rest + chunk).split("\n");
      this.#rest = lines.pop() ?? "";
      this.answers.push(...lines.map((line) => JSON.parse(line)));
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  static open(): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect(path, () => resolve(new Line(socket)));
      socket.once("error", reject);
    });
  }

  write(text: string): void {
    this.socket.write(text);
  }

  async until(ready: () => boolean): Promise<void> {
    while (!ready()) await new Promise<void>((resolve) => this.#wakers.add(resolve));
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
    this.#wakers.clear();
  }
}

const request = (id: string) => `${JSON.stringify({ type: "req", id, method: "health" })}\n`;

describe("answers that nobody reads", () => {
  const answer = "x".repeat(100_000);

  /** A program that asked and reads nothing. */
  async function deaf(): Promise<{ from: Requester; socket: Socket }> {
    const line = await Line.open();
    line.write(request("1"));
    await line.until(() => line.answers.length === 1);
    line.socket.pause();
    const from = requesters.at(-1);
    if (!from) throw new Error("nobody asked");
    return { from, socket: line.socket };
  }

  test("adminBufferedBytes: past it the connection is dropped, and nothing of it is held", async () => {
    await start({ adminBufferedBytes: 1_000_000 });
    const { from } = await deaf();
    for (let n = 0; n < 100 && refusals.length === 0; n += 1) {
      from.send(answer);
      expect(memory.total).toBeLessThan(1_000_000);
    }
    expect(refusals).toEqual(["admin-slow"]);
    await until(() => memory.total === 0, "the end");
  });

  test("localHangUpMs: do not hold up a stop for longer", async () => {
    const admin = await start({ localHangUpMs: 50 });
    const { from, socket } = await deaf();
    for (let n = 0; n < 100; n += 1) from.send(answer);
    let stopped = false;
    void admin.close().then(() => {
      stopped = true;
    });
    await until(() => stopped, "the end of the stop").finally(() => socket.destroy());
  });

  test("heldBytes: they count, and whoever holds most goes first", async () => {
    memory = new MemoryAccount({ heldBytes: 1_000_000 });
    await start();
    const { from } = await deaf();
    for (let n = 0; n < 100; n += 1) {
      from.send(answer);
      expect(memory.total).toBeLessThanOrEqual(1_000_000);
    }
    await until(() => memory.total === 0, "the end");
    const other = await Line.open();
    other.write(request("2"));
    await other.until(() => other.answers.length === 1);
  });
});

describe("frames", () => {
  test("stay one line each, whatever JSON of a client is passed on in them", async () => {
    await start();
    const line = await Line.open();
    line.write(request("1"));
    await line.until(() => line.answers.length === 1);
    const forged = '{"type":"res","id":"2","ok":true,"payload":"forged"}';
    const pretty = `{\n  "a": "x\\n${forged.replaceAll('"', '\\"')}",\r\n  "b": [\r1,\n\n2]\n}`;
    requesters[0]?.send(`{"id":"2","payload":${pretty}}`);
    await line.until(() => line.answers.length > 1);
    expect(line.answers.slice(1)).toEqual([{ id: "2", payload: JSON.parse(pretty) }]);
  });

  test("are lines, whole or in pieces, and blank ones do not matter", async () => {
    await start();
    const line = await Line.open();
    line.write(`${request("1")}\n  \n${request("2")}${request("3").slice(0, 9)}`);
    await line.until(() => line.answers.length === 2);
    line.write(request("3").slice(9));
    await line.until(() => line.answers.length === 3);
    expect(line.answers.map(({ id }) => id)).toEqual(["1", "2", "3"]);
    line.socket.destroy();
  });

  test("that are broken are answered, and the connection stays", async () => {
    await start();
    const line = await Line.open();
    line.write(`noise\n{"type":"req","id":"a"}\n${request("b")}`);
    await line.until(() => line.answers.length === 3);
    expect(line.answers.map(({ id }) => id)).toEqual(["invalid", "a", "b"]);
    expect(line.answers[1].error.message).toBe(
      "invalid request frame: must have required property 'method'",
    );
    line.socket.destroy();
  });

  test.each([
    ["adminFrameBytes", "without an end", "x".repeat(300)],
    ["adminFrameBytes", "with one", `${"x".repeat(300)}\n`],
    ["approveFrameBytes", "without an end", "x".repeat(300)],
  ] as const)(
    "%s: a longer one %s closes by name, and what follows is not served",
    async (limit, _how, text) => {
      const name = limit === "adminFrameBytes" ? "admin" : "approve";
      await start({ [limit]: 200 }, name);
      const line = await Line.open();
      line.write(text);
      line.write(`\n${request("after")}`);
      await line.until(() => line.closed);
      expect(line.answers.map(({ error }) => error?.message)).toEqual(["frame too large"]);
      expect(frames).toEqual([]);
      expect(refusals).toEqual([`${name}-refused`]);
    },
  );

  test("say who is behind them, if they do; anything but text is nothing", async () => {
    await start();
    const line = await Line.open();
    const frame = { type: "req", id: "1", method: "m" };
    const says = [{ claims: "uid 0" }, { key: "SHA256:x", address: "::1" }, { claims: 7, key: [] }];
    for (const said of says) line.write(`${JSON.stringify({ ...frame, ...said })}\n`);
    await line.until(() => line.answers.length === 3);
    expect(saids).toEqual([{ claims: "uid 0" }, { key: "SHA256:x", address: "::1" }, {}]);
    line.socket.destroy();
  });
});

describe("connections", () => {
  test.each([
    ["adminConnections", "admin"],
    ["approveConnections", "approve"],
  ] as const)("%s: the next one is told so, closed, and not served", async (limit, name) => {
    await start({ [limit]: 1 }, name);
    const first = await Line.open();
    first.write(request("1"));
    await first.until(() => first.answers.length === 1);
    const second = await Line.open();
    second.write(request("2"));
    await second.until(() => second.closed);
    expect(second.answers.map(({ error }) => error.message)).toEqual([
      `too many ${name} connections`,
    ]);
    expect(frames.map(({ id }) => id)).toEqual(["1"]);
    first.socket.destroy();
    await first.until(() => first.closed);
    const third = await Line.open();
    third.write(request("3"));
    await third.until(() => third.answers.length === 1);
    third.socket.destroy();
  });

  test("approveIdleMs: one that is silent for so long is dropped; the owner's is not", async () => {
    await start({ approveIdleMs: 30 }, "approve");
    const silent = await Line.open();
    await silent.until(() => silent.closed);
    await server?.close();
    await start({ approveIdleMs: 30 });
    const patient = await Line.open();
    await new Promise((resolve) => setTimeout(resolve, 90));
    expect(patient.closed).toBe(false);
    patient.socket.destroy();
  });

  test("tell who waits that they ended", async () => {
    await start();
    const line = await Line.open();
    line.write(request("1"));
    await line.until(() => line.answers.length === 1);
    const ended = new Promise<void>((resolve) => requesters[0]?.onEnd(() => resolve()));
    const forget = requesters[0]?.onEnd(() => expect.unreachable());
    forget?.();
    line.socket.destroy();
    await ended;
  });

  test("localHangUpMs and localLeaving: so many refused ones have their time, others go before them", async () => {
    await start({ adminConnections: 1, localLeaving: 1, localHangUpMs: 300 });
    const first = await Line.open();
    first.write(request("1"));
    await first.until(() => first.answers.length === 1);
    const dropped: string[] = [];
    // Only whoever writes to a connection that is gone notices.
    const stays = async (name: string) => {
      const socket = connect({ path, allowHalfOpen: true });
      await new Promise((resolve) => socket.once("data", resolve));
      const gone = new Promise<void>((resolve) => socket.once("error", () => resolve()));
      const writing = setInterval(() => socket.write("\n"), 5);
      return gone.then(() => {
        clearInterval(writing);
        dropped.push(name);
        socket.destroy();
      });
    };
    const second = stays("second");
    await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all([second, stays("third")]);
    expect(dropped).toEqual(["third", "second"]);
    first.socket.destroy();
  });

  test("that never hang up do not hold up a stop", async () => {
    const admin = await start();
    const stubborn = connect({ path, allowHalfOpen: true });
    await new Promise((resolve) => stubborn.once("connect", resolve));
    stubborn.write(request("1"));
    while (frames.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await admin.close();
    server = undefined;
    stubborn.destroy();
  });
});

describe("the socket file", () => {
  test("is for its owner alone", async () => {
    await start();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("left behind by a dead gateway is replaced", async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(`${path}.dead`, resolve));
    await rename(`${path}.dead`, path);
    await new Promise((resolve) => dead.close(resolve));
    await start();
    const line = await Line.open();
    line.socket.destroy();
  });

  test("of a gateway that lives is refused with the next step", async () => {
    await start();
    const other = new LocalServer({
      path,
      name: "admin",
      bounds: kinds.admin(limitValues()),
      dispatch() {},
      refused() {},
    });
    await expect(other.listen()).rejects.toMatchObject({
      code: "ADMIN_SOCKET_TAKEN",
      next: expect.arrayContaining([openclaw`gateway status`]),
    });
  });
});

describe("events", () => {
  const event = (chars: number) => JSON.stringify({ type: "event", payload: "x".repeat(chars) });

  test("go to whoever asked", async () => {
    await start();
    const line = await Line.open();
    line.write(request("1"));
    await line.until(() => line.answers.length === 1);
    const { receiver } = requesters[0] ?? {};
    expect(receiver?.push(event(3))).toBe(true);
    await line.until(() => line.answers.length === 2);
    expect(line.answers[1]).toEqual({ type: "event", payload: "xxx" });
    line.socket.destroy();
    await line.until(() => line.closed);
  });

  test("adminQueueBytes: whoever does not read them is closed by name", async () => {
    await start({ adminQueueBytes: 64 * 1024 });
    const line = await Line.open();
    line.write(request("1"));
    await line.until(() => line.answers.length === 1);
    const { receiver } = requesters[0] ?? {};
    line.socket.pause();
    let sent = 0;
    // What the kernel takes is not in our memory: it may be several times the limit.
    while (sent < 10_000 && receiver?.push(event(1000))) sent += 1;
    expect(sent).toBeLessThan(10_000);
    expect(receiver?.isSlow()).toBe(true);
    expect(refusals).toEqual(["admin-slow"]);
    expect(receiver?.push(event(1))).toBe(false);
    line.socket.resume();
    await line.until(() => line.closed);
    expect(line.answers.at(-1)?.error.message).toBe("events were not read in time");
  });
});
