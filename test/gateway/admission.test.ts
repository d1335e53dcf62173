import { describe, expect, test } from "vitest";
import { AdmissionControl } from "../../src/gateway/admission.ts";
import { Connection, type ConnectionHost } from "../../src/gateway/connection.ts";
import { MiB } from "../../src/limits/limit.ts";
import { type Limits, limitValues } from "../../src/limits/table.ts";
import { byMemory, fitting } from "../../src/limits/usable-memory.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import { startTestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";
import { FakeSocket, peerAt } from "../kit/wire.ts";

/** Admission control with the connections that went through it. */
function setUp(overrides: Partial<Limits>) {
  const limits = limitValues(overrides);
  let now = 0;
  const admission = new AdmissionControl(limits, () => now);
  const pass = (ms: number) => {
    now += ms;
  };
  const host: ConnectionHost = {
    limits,
    connect() {},
    request() {},
    ended: (connection) => admission.closed(connection),
    after() {},
  };
  const open = (address: string) => {
    const socket = new FakeSocket(peerAt(address));
    const connection = new Connection("c", socket, host);
    connection.challenge("n", 0);
    connection.challengedAt = now;
    admission.opened(connection);
    return { connection, socket };
  };
  const wait = (address: string) => {
    const opened = open(address);
    opened.connection.wait({ requestId: "r", deviceId: "d", answer: "{}" });
    admission.waits(opened.connection);
    return opened;
  };
  return { admission, open, wait, pass };
}

const tooMany = { code: 1013, reason: "too many connections" };
const tooManyWait = { code: 1013, reason: "too many waiting" };

describe("sockets before hello-ok", () => {
  test("unauthenticatedPerAddress: past it half of all places are left to other addresses", () => {
    const { admission, open } = setUp({ unauthenticatedPerAddress: 2, unauthenticatedSockets: 8 });
    for (let i = 0; i < 3; i += 1) open("a");
    expect(admission.hasRoom("a")).toBe(true);
    const { connection } = open("a");
    expect(admission.hasRoom("a")).toBe(false);
    expect(admission.hasRoom("b")).toBe(true);
    admission.authenticated(connection);
    expect(admission.hasRoom("a")).toBe(true);
  });

  test("unauthenticatedPerAddress, unauthenticatedGraceMs: so many silent ones refuse the next", () => {
    const { admission, open, pass } = setUp({ unauthenticatedPerAddress: 2 });
    const first = open("a");
    open("a");
    open("a");
    pass(1_999);
    expect(admission.refusal("a")).toBeUndefined();
    pass(1);
    expect(admission.refusal("a")).toEqual({
      status: "503 Service Unavailable",
      text: "Too many unauthenticated sockets",
      metric: "unauthenticated-refused",
    });
    expect(admission.refusal("b")).toBeUndefined();
    admission.authenticated(first.connection);
    expect(admission.refusal("a")?.metric).toBe("unauthenticated-refused");
    first.connection.gone();
    open("a").connection.state = { name: "deciding", nonce: "n", queue: [] };
    pass(5_000);
    expect(admission.refusal("a")?.metric).toBe("unauthenticated-refused");
  });

  test("neither one being decided nor one with a moment left stands in the way of counting", () => {
    const { admission, open, pass } = setUp({ unauthenticatedPerAddress: 2 });
    open("a").connection.state = { name: "deciding", nonce: "n", queue: [] };
    open("a");
    open("a");
    pass(2_000);
    open("a");
    expect(admission.refusal("a")?.metric).toBe("unauthenticated-refused");
  });

  test("unauthenticatedSockets: the oldest silent one of the largest address gives way", () => {
    const { admission, open, pass } = setUp({ unauthenticatedSockets: 3 });
    const lone = open("lone");
    const crowd = [open("crowd"), open("crowd")];
    expect(admission.hasRoom("late")).toBe(false);
    expect(admission.makeRoom()).toBe(false);
    pass(2_000);
    expect(admission.makeRoom()).toBe(true);
    expect(crowd.map(({ socket }) => socket.ended)).toEqual([tooMany, undefined]);
    expect(lone.socket.ended).toBeUndefined();
    expect(admission.hasRoom("late")).toBe(true);
    expect(admission.makeRoom()).toBe(false);
  });

  test("unauthenticatedSockets: one being decided keeps none of the silent ones in its place", () => {
    const { admission, open, pass } = setUp({ unauthenticatedSockets: 4 });
    open("crowd").connection.state = { name: "deciding", nonce: "n", queue: [] };
    const silent = open("crowd");
    const lone = [open("lone"), open("other")];
    for (const { connection } of lone)
      connection.state = { name: "deciding", nonce: "n", queue: [] };
    pass(2_000);
    expect(admission.makeRoom()).toBe(true);
    expect(silent.socket.ended).toEqual(tooMany);
    expect(admission.makeRoom()).toBe(false);
  });

  test("connections: past the total every new one is refused", () => {
    const { admission, open } = setUp({ connections: 2 });
    const first = open("a");
    admission.authenticated(first.connection);
    open("b");
    expect(admission.refusal("c")?.text).toBe("Too many connections");
    first.connection.gone();
    expect(admission.refusal("c")).toBeUndefined();
  });
});

describe("sockets that wait", () => {
  test("waitingPerAddress: past it the new one is closed, and who waits stays", () => {
    const { admission, wait } = setUp({ waitingPerAddress: 2 });
    const other = wait("b");
    const mine = [wait("a"), wait("a"), wait("a")];
    expect(mine.map(({ socket }) => socket.ended)).toEqual([undefined, undefined, tooManyWait]);
    expect(other.socket.ended).toBeUndefined();
    expect([admission.waiting, admission.unauthenticated, admission.total]).toEqual([3, 0, 3]);
  });

  test("waitingSockets: past it the newest of a crowd is closed, and the new one where there is none", () => {
    const { admission, wait } = setUp({ waitingSockets: 4, pendingPerPrefix: 2 });
    const lone = wait("10.1.1.1");
    const crowd = [1, 2, 3].map((host) => wait(`10.2.2.${host}`));
    const late = [wait("10.3.3.3"), wait("10.4.4.4")];
    expect(crowd.map(({ socket }) => socket.ended)).toEqual([undefined, undefined, tooManyWait]);
    expect(late.map(({ socket }) => socket.ended)).toEqual([undefined, tooManyWait]);
    expect(lone.socket.ended).toBeUndefined();
    expect(admission.waiting).toBe(4);
  });

  test("are not counted as unauthenticated, until they go through the handshake again", () => {
    const { admission, wait } = setUp({});
    const { connection } = wait("a");
    expect([admission.unauthenticated, admission.waiting, admission.total]).toEqual([0, 1, 1]);
    admission.resumes(connection);
    expect([admission.unauthenticated, admission.waiting, admission.total]).toEqual([1, 0, 1]);
  });
});

describe("on a machine with 512 MiB", () => {
  const memory = 512 * MiB;
  const limits = {
    unauthenticatedSockets: fitting(byMemory.unauthenticatedSockets, memory),
    waitingSockets: fitting(byMemory.waitingSockets, memory),
  };

  test("unauthenticatedPerAddress: one address has half of all places, and others the rest", () => {
    const { admission, open } = setUp(limits);
    const take = (address: string) => {
      let came = 0;
      for (; admission.hasRoom(address); came += 1) open(address);
      return came;
    };
    expect([take("crowd"), take("other"), admission.isFull]).toEqual([5, 5, true]);
  });

  test("unauthenticatedPerAddress: so many silent ones refuse the next from there", () => {
    const { admission, open, pass } = setUp(limits);
    for (let n = 0; n < 5; n += 1) open("crowd");
    pass(2_000);
    expect(admission.refusal("crowd")?.metric).toBe("unauthenticated-refused");
    expect(admission.refusal("other")).toBeUndefined();
  });

  test("waitingPerAddress: one address has half of all places, and others the rest", () => {
    const { wait } = setUp(limits);
    const crowd = Array.from({ length: 8 }, () => wait("203.0.113.1"));
    const others = [1, 2, 3, 4].map((n) => wait(`198.51.${n}.1`));
    const ended = (all: readonly { socket: FakeSocket }[]) => all.map(({ socket }) => socket.ended);
    expect(ended(crowd)).toEqual([...Array(4).fill(undefined), ...Array(4).fill(tooManyWait)]);
    expect(ended(others)).toEqual(Array(4).fill(undefined));
  });

  test("waitingSockets: nor does one network keep all of them from others", () => {
    const { wait } = setUp(limits);
    const crowd = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => wait(`2001:db8:1:${n}::/64`));
    const other = wait("198.51.100.1");
    expect(other.socket.ended).toBeUndefined();
    expect(crowd.map(({ socket }) => socket.ended)).toEqual([
      ...Array(7).fill(undefined),
      tooManyWait,
    ]);
  });
});

test("everything that ends is forgotten", () => {
  const { admission, open, wait } = setUp({});
  const all = [open("a"), open("b"), wait("c"), wait("c")];
  for (const { connection } of all) connection.gone();
  expect([admission.unauthenticated, admission.waiting, admission.total]).toEqual([0, 0, 0]);
});

describe("over real sockets", () => {
  test("the next from an address with too many silent ones gets HTTP 503 and is counted", async () => {
    const limits = { unauthenticatedPerAddress: 2, unauthenticatedGraceMs: 1 };
    const gateway = await startTestGateway({ limits });
    await RawClient.open(gateway.url);
    await RawClient.open(gateway.url);
    await until(() => gateway.server.gateway.admission.refusal("127.0.0.1"), "silence");
    await expect(RawClient.open(gateway.url)).rejects.toThrow("503");
    expect(gateway.server.gateway.closes).toMatchObject({ "unauthenticated-refused": 1 });
    await gateway.close();
  });

  test("a device has one waiting socket, the newest, and pushes no other device out", async () => {
    const gateway = await startTestGateway({ limits: { waitingPerAddress: 2 } });
    const caps = ["pairing-wait"];
    const wait = async (device = makeDevice()) => {
      const client = await RawClient.open(gateway.url);
      const { error } = await client.connect({ device, caps });
      return { client, device, requestId: error.details.requestId };
    };
    const other = await wait();
    const first = await wait();
    const again = await wait(first.device);
    expect(again.requestId).toBe(first.requestId);
    expect(await first.client.end()).toEqual({
      code: 1008,
      reason: "pairing required: continued on a newer connection of this device",
    });
    expect(other.client.closed).toBeUndefined();
    expect(gateway.server.gateway.admission.waiting).toBe(2);
    await gateway.close();
  });
});
