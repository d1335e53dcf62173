import { expect, test } from "vitest";
import { hasOwnContainer, inContainer, noteContainer } from "../../src/host/container.ts";

const init = ["/sbin/docker-init", "--"];
const run = ["node", "dist/index.js", "gateway", "run"];

test.each<[boolean, string[]]>([
  [true, run],
  [true, [...init, ...run]],
  [true, [...init, "openclaw", "config", "validate"]],
  [true, ["node", "/app/dist/index.js", "doctor"]],
  [false, ["/sbin/init"]],
  [false, ["/usr/lib/systemd/systemd", "--system"]],
  // A container that people develop in.
  [false, [...init, "sleep", "infinity"]],
  [false, ["bash"]],
  [false, []],
])("%s: the gateway's container, by its first process %j", (is, first) => {
  const env: NodeJS.ProcessEnv = {};
  noteContainer(env, first);
  expect(inContainer(env)).toBe(is);
});

test("what was said of it counts, and 0 says that it is none", () => {
  const env = { OPENCLAW_CONTAINER: "0" };
  noteContainer(env, run);
  expect(inContainer(env)).toBe(false);
  expect(inContainer({ OPENCLAW_CONTAINER: "" })).toBe(false);
  expect(inContainer({ OPENCLAW_CONTAINER: "1" })).toBe(true);
});

test.each<[boolean, { pid: number; ppid: number }, string[]]>([
  [true, { pid: 1, ppid: 0 }, run],
  [true, { pid: 7, ppid: 1 }, init],
  [false, { pid: 40, ppid: 0 }, init],
  [false, { pid: 40, ppid: 39 }, init],
  [false, { pid: 40, ppid: 1 }, ["bash"]],
])("%s: a container for it alone: %j below %j", (is, own, first) => {
  expect(hasOwnContainer(own, first)).toBe(is);
});
