import { expect, test } from "vitest";
import { hasOwnContainer, inContainer, noteContainer } from "../../src/host/container.ts";

const init = ["/sbin/docker-init", "--"];
const run = ["node", "dist/index.js", "gateway", "run"];

/** Where the program at hand is, and the folder in which the first process was started. */
const own = { script: "/app/dist/index.js", folder: "/app" };

test.each<[boolean, string[]]>([
  [true, run],
  [true, [...init, ...run]],
  [true, [...init, "openclaw", "config", "validate"]],
  [true, ["node", "/app/dist/index.js", "doctor"]],
  [true, ["node", "dist/index.js", "doctor"]],
  [true, ["node", "--max-old-space-size=64", "../app/dist/index.js", "doctor"]],
  [true, ["node", "/usr/local/bin/openclaw", "doctor"]],
  [true, ["node", "/elsewhere/dist/index.js", "gateway", "run"]],
  [true, ["nodejs", "--require", "./trace.js", "dist/index.js", "doctor"]],
  // Another program's container, from which somebody calls ours.
  [false, ["node", "server/index.js"]],
  [false, [...init, "node", "/srv/dist/index.js"]],
  [false, ["node", "server/index.js", "gateway", "list"]],
  [false, ["su", "openclaw"]],
  [false, ["runuser", "-u", "openclaw", "--", "sleep", "infinity"]],
  [false, ["/sbin/init"]],
  [false, ["/usr/lib/systemd/systemd", "--system"]],
  // A container that people develop in.
  [false, [...init, "sleep", "infinity"]],
  [false, ["bash"]],
  [false, []],
])("%s: the gateway's container, by its first process %j", (is, first) => {
  const env: NodeJS.ProcessEnv = {};
  noteContainer(env, { words: first, ...own });
  expect(inContainer(env)).toBe(is);
});

test("a folder that may not be read says nothing of a path in it", () => {
  const env: NodeJS.ProcessEnv = {};
  noteContainer(env, { ...own, words: ["node", "dist/index.js", "doctor"], folder: undefined });
  expect(inContainer(env)).toBe(false);
});

test("what was said of it counts, and 0, false and no say that it is none", () => {
  const env = { OPENCLAW_CONTAINER: "0" };
  noteContainer(env, { words: run, ...own });
  expect(inContainer(env)).toBe(false);
  for (const no of ["", "0", "false", "False", "no"]) {
    expect(inContainer({ OPENCLAW_CONTAINER: no }), no).toBe(false);
  }
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
