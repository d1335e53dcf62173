import { expect, test } from "vitest";
import type { SystemdNotifier } from "../../src/host/systemd.ts";
import { systemdNotifier } from "../../src/host/systemd.ts";
import { limitValues } from "../../src/limits/table.ts";
import { ProbeError, Supervision, statusLine } from "../../src/main/supervision.ts";
import { startTestGateway } from "../kit/gateway.ts";
import { HandWorld } from "../kit/world.ts";

function supervised() {
  const world = new HandWorld();
  const said: string[] = [];
  const say = (what: string) => async (text?: string | number) => {
    said.push(text === undefined ? what : `${what} ${text}`);
  };
  const notifier: SystemdNotifier = {
    wanted: true,
    watchdogMs: 30_000,
    ready: say("ready"),
    status: say("status"),
    stopping: say("stopping"),
    alive: say("alive"),
    extend: say("extend"),
  };
  const warn = (message: string) => void said.push(`warn ${message}`);
  return {
    world,
    said,
    supervision: new Supervision({ world, limits: limitValues(), notifier, warn }),
  };
}

const crowd = () => ({ operators: 2, nodes: 1, pending: 1 });
const listening = ["http://127.0.0.1:1"];

test("extendMs: more time is asked for while something long runs, and no more afterwards", async () => {
  const { world, said, supervision } = supervised();
  let done = (_: string) => {};
  const work = supervision.during(new Promise<string>((resolve) => (done = resolve)));
  const { extendMs } = limitValues();
  world.advance(extendMs);
  expect(said).toEqual([`extend ${extendMs}`, "alive", `extend ${extendMs}`, "alive"]);
  done("loaded");
  expect(await work).toBe("loaded");
  world.advance(extendMs * 4);
  expect(said).toHaveLength(4);
});

test("ready is said only after the own listener answered", async () => {
  const { said, supervision } = supervised();
  const nobody = { host: "127.0.0.1", port: 1 };
  const server = { listening, crowd, commits: () => [], turnedAway: () => 0 };
  await expect(supervision.ready({ ...server, probe: nobody })).rejects.toBeInstanceOf(ProbeError);
  expect(said).toEqual([]);

  const gateway = await startTestGateway();
  await supervision.ready({ ...server, probe: gateway.server.probe });
  expect(said).toEqual([`ready ${statusLine(server)}`]);
  await supervision.stopping("stop");
  expect(said.at(-1)).toMatch(/^stopping stopping: /);
  await supervision.stopping("restart");
  expect(said.at(-1)).toMatch(/^status restarting: /);
  await gateway.close();
});

test("the line for systemctl status counts who is here and who waits", () => {
  const line = "2 operators, 1 node, 1 waits for approval; listening on http://127.0.0.1:1";
  expect(statusLine({ listening, crowd })).toBe(line);
  const none = () => ({ operators: 0, nodes: 0, pending: 0 });
  expect(statusLine({ listening, crowd: none })).toContain("0 nodes, nobody waits for approval");
});

test("the watchdog is for the process that systemd named", () => {
  const notifier = (env: Record<string, string>) => systemdNotifier(env, () => {}).watchdogMs;
  expect(notifier({ WATCHDOG_USEC: "30000000" })).toBe(30_000);
  expect(notifier({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: String(process.pid) })).toBe(30_000);
  expect(notifier({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" })).toBeUndefined();
  expect(notifier({ WATCHDOG_USEC: "no" })).toBeUndefined();
  expect(notifier({})).toBeUndefined();
});
