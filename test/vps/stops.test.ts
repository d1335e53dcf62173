import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LONG, longTest } from "../kit/long.ts";
import { until } from "../kit/until.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, type VpsKind, whyNoVps } from "../kit/vps-base.ts";
import { RELEASE_MS } from "../release/support/release.ts";
import { Installing, LOG, OWN_SCRIPT } from "./support/installing.ts";
import { RENTED } from "./support/rented.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";

const UNIT = "openclaw-gateway.service";
const program = await readFile(new URL("../../deploy/install/main.sh", import.meta.url), "utf8");
/** What is printed of each step before it starts, in order. */
const STEPS = (/^steps='([^']+)'/m.exec(program)?.[1] ?? "")
  .split("\n")
  .map((row) => row.slice(row.indexOf(":") + 1));
/** How a run is ended: Ctrl-C reaches everything in the terminal, kill(1) the script alone. */
const ENDS = {
  "Ctrl-C": { kill: "kill -INT -- -$(cat /tmp/install.pid)", code: 130 },
  SIGTERM: { kill: "kill -TERM $(cat /tmp/install.pid)", code: 143 },
};
const everything = Object.keys(ENDS).flatMap((end) => STEPS.map((step) => [step, end] as const));
/** bash 5.2 runs a trap while it parses a $(…), and fails by that (deploy/install/lib/stop.sh): not ours to end. */
const BASH_FAILED = /interrupt trap: line \d+: unexpected EOF while looking for matching/;
const sample = [
  ["Gateway and Node.js", "Ctrl-C"],
  ["Start", "SIGTERM"],
  ["Limits of nginx", "Ctrl-C"],
] as const;
const steps = LONG ? everything : sample;
/** At how many moments of a whole installation it is stopped. */
const MOMENTS = 20;

const reason = whyNoVps();
if (reason) console.log(`The tests of stopping the installer are skipped: ${reason}.`);

let installing: Installing;
let vps: Vps;

/** Boots a machine with install.sh on it. */
async function machine(kind: VpsKind): Promise<Vps> {
  const booted = await Vps.boot(kind);
  const get = `curl -fsSL ${installing.publisher.url}/install.sh >/root/install.sh`;
  await booted.ok(["sh", "-c", get]);
  return booted;
}

/**
 * Starts an installation in a session of its own, as a terminal is; what it says goes to /tmp/said. Resolves
 * once it has told `step`, with what waits for its end and exit code.
 */
async function stepOf(step: string, words = ""): Promise<() => Promise<number>> {
  await vps.ok(["rm", "-f", "/tmp/said", "/tmp/install.pid"]);
  const typed = `echo $$ >/tmp/install.pid; exec bash /root/install.sh ${words} >/tmp/said 2>&1`;
  let code: number | undefined;
  const ended = vps.exec(["setsid", "--wait", "bash", "-c", typed]).then((result) => {
    code = result.code;
    return result.code;
  });
  // The name of one step may begin as that of another does.
  const told = new RegExp(`\\] ${step}( {2}|\\n|$)`);
  await until(async () => code !== undefined || told.test(await said()), `the step ${step}`);
  return () => ended;
}

const said = async () => (await vps.exec(["cat", "/tmp/said"])).stdout;

/** Ends the run that is under way by `end`; true where that came after its last change. Else all is undone. */
async function isDoneAfter(end: string, ended: () => Promise<number>): Promise<boolean> {
  const { kill, code: own } = ENDS[end as keyof typeof ENDS];
  await vps.exec(["bash", "-c", kill]);
  const code = await ended();
  const words = await said();
  // Whoever stops it after its last change hears that it is installed.
  if (/^Done in|^Stopped\. The gateway is installed/m.test(words)) {
    expect([0, own]).toContain(code);
    return true;
  }
  if (BASH_FAILED.test(words)) {
    console.log("bash failed at its trap: the stop counted as a failure, and all was undone");
    expect(words).toContain("the installation failed; everything it did was undone");
    return false;
  }
  expect(words).toContain("the installation was stopped; everything it did was undone");
  expect(code).toBe(own);
  return false;
}

/**
 * Boots a machine where nginx is to be installed, and calls `end` at moments of a whole installation on it,
 * with that moment's number and what waits for the run's end. The machine must be as it was after each.
 */
async function atMoments(
  kind: VpsKind,
  end: (moment: number, ended: () => Promise<number>) => Promise<void>,
): Promise<void> {
  const served = vps;
  // Both are in one network.
  await served.ok(["systemctl", "stop", "nginx"]);
  vps = await machine(kind);
  try {
    const began = performance.now();
    const code = await (await stepOf("User and groups"))();
    expect({ code, said: await said() }).toMatchObject({ code: 0 });
    const whole = performance.now() - began;
    await installing.takeOff(vps, "--purge", "--yes");
    const before = await snapshot(vps);
    for (let moment = 0; moment < MOMENTS; moment += 1) {
      const ended = await stepOf("User and groups");
      await setTimeout((whole * moment) / MOMENTS);
      await end(moment, ended);
      const at = `${moment} of ${MOMENTS}`;
      const changes = changesOf(before, await snapshot(vps));
      expect({ at, changes }).toEqual({ at, changes: [] });
    }
  } finally {
    await vps.close();
    vps = served;
    await vps.ok(["systemctl", "start", "nginx"]);
  }
}

describe.skipIf(reason !== undefined).each(RENTED)("install.sh that is stopped: %s", (kind) => {
  beforeAll(
    async () => {
      installing = await Installing.publish(kind);
      vps = await machine(kind);
      await vps.ok(["sh", "-c", "apt-get update -q && apt-get install -qy nginx"]);
    },
    RELEASE_MS + BASE_MS + STEP_MS,
  );
  afterAll(async () => {
    await vps?.close();
    await installing?.close();
  });

  test.each(steps)(
    "at the step %s by %s undoes what it did, and says so",
    async (step, end) => {
      const before = await snapshot(vps);
      if (await isDoneAfter(end, await stepOf(step))) {
        await installing.takeOff(vps, "--purge", "--yes");
      }
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
    },
    STEP_MS,
  );

  longTest.each(everything)(
    "at the step %s by %s, on a machine that has a gateway, leaves that as it was",
    async (step, end) => {
      await installing.ok(vps);
      const before = await snapshot(vps);
      if (!(await isDoneAfter(end, await stepOf(step, "--http-port 8080 --https-port 8443")))) {
        expect(changesOf(before, await snapshot(vps))).toEqual([]);
      }
      expect(await installing.ok(vps)).toMatch(/Done in|Nothing to change/);
      await installing.takeOff(vps, "--purge", "--yes");
    },
    STEP_MS,
  );

  longTest(
    "at any moment, on a machine where nginx is to be installed, undoes what it did",
    () =>
      atMoments(kind, async (moment, ended) => {
        if (await isDoneAfter(Object.keys(ENDS)[moment % 2] ?? "", ended)) {
          await installing.takeOff(vps, "--purge", "--yes");
        }
      }),
    STEP_MS,
  );

  longTest(
    "by kill -9 at any moment, undoes what it did when it is run again",
    () =>
      atMoments(kind, async (_, ended) => {
        await vps.exec(["bash", "-c", "kill -9 -- -$(cat /tmp/install.pid)"]);
        await ended();
        await installing.ok(vps, "--no-nginx");
        await installing.takeOff(vps, "--purge", "--yes");
      }),
    STEP_MS,
  );

  test(
    "before it changes anything says so, and restarts nothing; one that changes little drops no client",
    async () => {
      await installing.ok(vps);
      const since = () => vps.property(UNIT, "ActiveEnterTimestampMonotonic");
      const before = [await snapshot(vps), await since()] as const;
      const words = "--http-port 8080 --https-port 8443";
      const ended = await stepOf("Configuration", words);
      await vps.ok(["bash", "-c", ENDS["Ctrl-C"].kill]);
      expect(await ended()).toBe(ENDS["Ctrl-C"].code);
      expect(await said()).toContain("everything it did was undone");
      expect(changesOf(before[0], await snapshot(vps))).toEqual([]);
      expect(await since()).toBe(before[1]);
      // Nor does an undo of what was not done: this one fails in its first step.
      const { code } = await vps.exec(["bash", "-c", installing.line(words)], {
        env: { OPENCLAW_INSTALL_FAIL_AFTER: "accounts" },
      });
      expect(code).toBe(1);
      expect(await since()).toBe(before[1]);
    },
    STEP_MS,
  );

  test(
    "by a closed terminal goes on to its end without one, and its log tells",
    async () => {
      await installing.takeOff(vps, "--purge", "--yes");
      await vps.ok(["rm", "-f", "/tmp/install.pid", "/tmp/said"]);
      const typed = "echo $$ >/tmp/install.pid; exec bash /root/install.sh --yes";
      const line = `echo $$ >/tmp/terminal.pid; exec script -qec '${typed}' /dev/null >/tmp/said 2>&1`;
      const closed = vps.exec(["setsid", "--wait", "sh", "-c", line]);
      await until(async () => (await said()).includes("] Folders"), "the step Folders");
      await vps.ok(["sh", "-c", "kill -9 $(cat /tmp/terminal.pid)"]);
      await closed;
      const running = ["sh", "-c", "kill -0 $(cat /tmp/install.pid)"];
      await until(async () => (await vps.exec(running)).code !== 0, "the installer to end");
      expect(await vps.ok(["tail", "-n", "20", LOG])).toContain("Done in");
      expect(await vps.property(UNIT, "ActiveState")).toBe("active");
    },
    STEP_MS,
  );

  test(
    "--uninstall --purge asks on a terminal, and takes no answer for no",
    async () => {
      const terminal = async (keys: string) => {
        const typed = `sh ${OWN_SCRIPT} --uninstall --purge`;
        // The terminal stays open until the program has ended.
        const line = `exec 3< <(${keys}; exec sleep 1000); script -qec '${typed}' /dev/null <&3; kill $!`;
        return (await vps.exec(["bash", "-c", line])).stdout;
      };
      const before = await snapshot(vps);
      for (const keys of ["echo", "echo n"]) {
        const words = await terminal(keys);
        expect(words).toContain("/var/lib/openclaw-gateway");
        expect(words).toContain("nothing was changed");
      }
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
      expect(await terminal("echo y")).toContain("Nothing of the gateway is left.");
    },
    STEP_MS,
  );

  test(
    "an uninstall that is stopped tells what is left, and goes on with that when it is run again",
    async () => {
      const before = await snapshot(vps);
      await installing.ok(vps, "--no-nginx");
      const typed = `echo $$ >/tmp/install.pid; exec sh ${OWN_SCRIPT} --uninstall --purge >/tmp/said 2>&1`;
      await vps.ok(["rm", "-f", "/tmp/said"]);
      const ended = vps.exec(["setsid", "--wait", "bash", "-c", typed]);
      await until(async () => (await said()).includes("Taking the gateway off"), "the uninstall");
      await vps.exec(["bash", "-c", ENDS.SIGTERM.kill]);
      const { code } = await ended;
      const words = await said();
      if (!words.includes("Nothing of the gateway is left")) {
        expect(words).toMatch(/Stopped; \d+ of \d+ things are still to be taken off\./);
        expect(words).toMatch(/next: .*--uninstall --purge/);
        expect(code).toBe(ENDS.SIGTERM.code);
        await installing.ok(vps, "--uninstall", "--purge");
      }
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
    },
    STEP_MS,
  );
});
