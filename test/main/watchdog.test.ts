import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import type { SystemdNotifier } from "../../src/host/systemd.ts";
import { systemWorld } from "../../src/lib/world.ts";
import { limitTable } from "../../src/limits/table.ts";
import { probeSelf } from "../../src/main/self-probe.ts";
import { type CommitFigures, Watchdog } from "../../src/main/watchdog.ts";
import { startTestGateway } from "../kit/gateway.ts";
import { HandWorld } from "../kit/world.ts";

/** A watchdog on a hand-driven world, with everything it says. */
function watched(options: { watchdogMs?: number | undefined } = { watchdogMs: 30_000 }) {
  const world = new HandWorld();
  const pings: (string | undefined)[] = [];
  const warnings: string[] = [];
  const state = {
    probe: () => Promise.resolve(),
    commits: [{ commits: 0, waiting: 0 }] as CommitFigures[],
    status: "1 operator",
  };
  const notifier = {
    watchdogMs: options.watchdogMs,
    alive: async (status?: string) => void pings.push(status),
  } as SystemdNotifier;
  const watchdog = new Watchdog({
    world,
    notifier,
    probe: () => state.probe(),
    commits: () => state.commits,
    status: () => state.status,
    warn: (message) => warnings.push(message),
  });
  return { world, watchdog, pings, warnings, state };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("pings twice in each period, and tells the status only when it changed", async () => {
  const { world, pings, state } = watched();
  for (const status of ["1 operator", "1 operator", "2 operators"]) {
    state.status = status;
    world.advance(15_000);
    await settled();
  }
  expect(pings).toEqual(["1 operator", undefined, "2 operators"]);
});

test("no watchdog asked for, no timer and no pings; ended, none either", async () => {
  const none = watched({ watchdogMs: undefined });
  none.world.advance(600_000);
  const ended = watched();
  ended.watchdog.stop();
  ended.world.advance(600_000);
  await settled();
  expect([none.pings, ended.pings]).toEqual([[], []]);
});

test("a listener that does not answer gets no ping, and the reason is logged", async () => {
  const { watchdog, pings, warnings, state } = watched();
  state.probe = () => Promise.reject(new Error("its own listener did not answer"));
  await watchdog.check();
  expect(pings).toEqual([]);
  expect(warnings).toEqual(["no ping for the watchdog: its own listener did not answer"]);
});

test("while one look hangs, no second one starts and nothing is pinged", async () => {
  const { world, pings, state } = watched();
  let probes = 0;
  state.probe = () => {
    probes += 1;
    return new Promise(() => {});
  };
  world.advance(90_000);
  await settled();
  expect([probes, pings]).toEqual([1, []]);
});

test("a commit that hangs from one look to the next gets no ping; one that moves on does", async () => {
  const { watchdog, pings, warnings, state } = watched();
  state.commits = [{ commits: 7, waiting: 2 }];
  await watchdog.check();
  expect(pings).toHaveLength(1);
  await watchdog.check();
  expect(pings).toHaveLength(1);
  expect(warnings).toEqual([expect.stringContaining("has waited for the disk")]);
  state.commits = [{ commits: 8, waiting: 2 }];
  await watchdog.check();
  expect(pings).toHaveLength(2);
});

test("commits that fail by name keep the pings: a restart cures no full disk", async () => {
  const { watchdog, pings, state } = watched();
  state.commits = [{ commits: 7, waiting: 2, lastError: { code: "STORE_NO_SPACE" } }];
  await watchdog.check();
  await watchdog.check();
  expect(pings).toHaveLength(2);
});

test("selfProbeMs: a listener that accepts and says nothing is given up", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  const target = { host: "127.0.0.1", port };
  const world = systemWorld;
  await expect(probeSelf(target, { world, timeoutMs: 50 })).rejects.toThrow(
    "did not answer within 50 ms",
  );
  expect(limitTable.selfProbeMs.value).toBeLessThan(15_000);
  silent.closeAllConnections();
  silent.removeAllListeners("request").on("request", (_request, response) => {
    response.writeHead(503).end();
  });
  await expect(probeSelf(target, { world, timeoutMs: 5000 })).rejects.toThrow(
    'answered "HTTP/1.1 503',
  );
  await new Promise((resolve) => silent.close(resolve));
  await expect(probeSelf(target, { world, timeoutMs: 5000 })).rejects.toThrow("ECONNREFUSED");
});

test("a gateway that is full turns its own probe away, and lives", async () => {
  const gateway = await startTestGateway({ limits: { connections: 4 } });
  const { probe: target } = gateway.server;
  const crowd: Socket[] = [];
  try {
    while (gateway.server.turnedAway === 0) {
      const socket = connect(gateway.port, "127.0.0.1").on("error", () => undefined);
      crowd.push(socket);
      await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
    }
    const how = { world: systemWorld, timeoutMs: 5000 };
    await expect(probeSelf(target, how)).rejects.toThrow();
    await probeSelf(target, { ...how, turnedAway: () => gateway.server.turnedAway });
    // Closed without being counted, it proves nothing.
    await expect(probeSelf(target, { ...how, turnedAway: () => 7 })).rejects.toThrow();
  } finally {
    for (const socket of crowd) socket.destroy();
    await gateway.close();
  }
});
