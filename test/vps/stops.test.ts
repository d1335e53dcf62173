import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../kit/until.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { RELEASE_MS } from "../release/support/release.ts";
import { Installing, LOG, OWN_SCRIPT } from "./support/installing.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";

const UNIT = "openclaw-gateway.service";
/** What is printed of each step before it starts, in order. */
const STEPS = [
  ...["User and groups", "Gateway and Node.js", "Folders", "Current version", "Command line"],
  ...["Configuration", "systemd unit", "Choices before", "Start", "nginx", "Certificate", "Site"],
  ...["Limits of nginx", "Proof", "Older releases", "Choices"],
];
/** How a run is ended: Ctrl-C reaches everything in the terminal, kill(1) the script alone. */
const ENDS = {
  "Ctrl-C": { kill: "kill -INT -- -$(cat /tmp/install.pid)", code: 130 },
  SIGTERM: { kill: "kill -TERM $(cat /tmp/install.pid)", code: 143 },
};
const everything = Object.keys(ENDS).flatMap((end) => STEPS.map((step) => [step, end] as const));
const sample = [
  ["Gateway and Node.js", "Ctrl-C"],
  ["Start", "SIGTERM"],
  ["Limits of nginx", "Ctrl-C"],
] as const;
const moments = process.env["LONG"] === "1" ? everything : sample;

const reason = whyNoVps();
if (reason) console.log(`The tests of stopping the installer are skipped: ${reason}.`);

let installing: Installing;
let vps: Vps;

/** Starts an installation in the background; its output goes to /tmp/said, its end to /tmp/code. */
async function begin(words: string): Promise<void> {
  await vps.ok(["rm", "-f", "/tmp/code", "/tmp/said", "/tmp/install.pid"]);
  const typed = `echo $$ >/tmp/install.pid; exec bash /root/install.sh ${words}`;
  const line = `setsid --wait bash -c '${typed}' >/tmp/said 2>&1; echo $? >/tmp/code`;
  await vps.ok(["sh", "-c", `nohup setsid sh -c "$0" >/dev/null 2>&1 &`, line]);
}

const said = async () => (await vps.exec(["cat", "/tmp/said"])).stdout;
const ended = () =>
  until(async () => (await vps.exec(["cat", "/tmp/code"])).stdout.trim(), "the installer to end");

describe.skipIf(reason !== undefined)("install.sh that is stopped", () => {
  beforeAll(
    async () => {
      installing = await Installing.publish();
      vps = await Vps.boot("rented");
      const get = `curl -fsSL ${installing.publisher.url}/install.sh >/root/install.sh`;
      await vps.ok(["sh", "-c", get]);
      await vps.ok(["sh", "-c", "apt-get update -q && apt-get install -qy nginx"]);
    },
    RELEASE_MS + BASE_MS + STEP_MS,
  );
  afterAll(async () => {
    await vps?.close();
    await installing?.close();
  });

  test.each(moments)(
    "at the step %s by %s undoes what it did, and says so",
    async (step, end) => {
      const before = await snapshot(vps);
      await begin("");
      await until(async () => (await said()).includes(`] ${step}`), `the step ${step}`);
      await vps.ok(["bash", "-c", ENDS[end as keyof typeof ENDS].kill]);
      const code = await ended();
      const words = await said();
      // Whoever stops it after its last change hears that it is installed.
      if (words.includes("Done in")) {
        expect(code).toMatch(/^(0|1[0-9]{2})$/);
        await installing.takeOff(vps, "--purge", "--yes");
      } else {
        expect(words).toContain("the installation was stopped; everything it did was undone");
        expect(code).toBe(String(ENDS[end as keyof typeof ENDS].code));
      }
      expect(changesOf(before, await snapshot(vps))).toEqual([]);
    },
    STEP_MS,
  );

  test(
    "before it changes anything says so, and restarts nothing; one that changes little drops no client",
    async () => {
      await installing.ok(vps);
      const since = () => vps.property(UNIT, "ActiveEnterTimestampMonotonic");
      const before = [await snapshot(vps), await since()] as const;
      const words = "--http-port 8080 --https-port 8443";
      await begin(words);
      await until(async () => (await said()).includes("] Site"), "the step Site");
      await vps.ok(["bash", "-c", ENDS["Ctrl-C"].kill]);
      await ended();
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
      await vps.ok(["rm", "-f", "/tmp/install.pid"]);
      const typed = "echo $$ >/tmp/install.pid; exec bash /root/install.sh --yes";
      const line = `exec script -qec '${typed}' /dev/null >/tmp/said 2>&1 </dev/zero`;
      await vps.ok([
        "sh",
        "-c",
        `nohup setsid sh -c "echo \\$\\$ >/tmp/terminal.pid; $0" >/dev/null 2>&1 &`,
        line,
      ]);
      await until(async () => (await said()).includes("] Folders"), "the step Folders");
      await vps.ok(["sh", "-c", "kill -9 $(cat /tmp/terminal.pid)"]);
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
        const line = `(${keys}; sleep 10) | script -qec '${typed}' /dev/null`;
        return (await vps.exec(["sh", "-c", line])).stdout;
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
});
