import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runProgram } from "../../../src/cli/node-host/process.ts";
import { systemRun } from "../../../src/cli/node-host/run.ts";
import { nodeHostLimitTable as limits } from "../../../src/limits/node-host.ts";
import { until } from "../../kit/until.ts";
import { lives, Machine } from "./support.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.close());

const run = (params: Record<string, unknown>, timeoutMs?: number) =>
  systemRun(machine.call(params, timeoutMs), machine.facts);

describe("system.run", () => {
  test("runs what is listed, in a bare environment, without a shell", async () => {
    machine.allow("env", "printf ...");
    process.env["OPENCLAW_SECRET_OF_THIS_TEST"] = "x";
    const { stdout } = (await run({ command: ["env"] })) as { stdout: string };
    delete process.env["OPENCLAW_SECRET_OF_THIS_TEST"];
    const names = stdout
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names.sort()).toEqual(["HOME", "LANG", "PATH"]);
    const printed = await run({ command: ["printf", "%s", "$(id); `id` > x"] });
    expect(printed).toMatchObject({ exitCode: 0, success: true, stdout: "$(id); `id` > x" });
  });

  test("refuses everything else and names the file and the line", async () => {
    machine.allow("df -h");
    await expect(run({ command: ["df", "-h", "/"] })).rejects.toMatchObject({
      code: "NOT_ALLOWED",
      message: expect.stringContaining(`add this line to ${machine.allowPath}: df -h /`),
    });
    machine.allow("# nothing");
    await expect(run({ command: ["df", "-h"] })).rejects.toMatchObject({ code: "NOT_ALLOWED" });
  });

  test.each([
    {},
    { command: [] },
    { command: "df -h" },
    { command: ["df", 1] },
    { command: [""] },
    { command: ["df", "a\0b"] },
    { command: ["df"], cwd: "/etc" },
    { command: ["df"], env: { LD_PRELOAD: "/x.so" } },
  ])("%j is no command", async (params) => {
    machine.allow("df", "df ...");
    await expect(run(params)).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  });

  test("tells how a command failed, and what can't be started", async () => {
    machine.allow("false", "no-such-program-here");
    expect(await run({ command: ["false"] })).toMatchObject({ exitCode: 1, success: false });
    await expect(run({ command: ["no-such-program-here"] })).rejects.toMatchObject({
      code: "FAILED",
      message: "no-such-program-here could not be started: there is no such file",
    });
  });

  test("ends a command and what it started at the deadline", async () => {
    const pids = join(machine.folder, "pids");
    const script = `trap "" TERM; sleep 300 & echo $! >${pids}; echo begun; wait`;
    machine.allow("sh ...");
    // Long enough for a shell to start on a machine that does other things as well.
    const ended = await run({ command: ["sh", "-c", script], timeoutMs: 2_000 });
    expect(ended).toMatchObject({ success: false, timedOut: true, stdout: "begun\n" });
    const pid = Number(readFileSync(pids, "utf8"));
    await until(() => !lives(pid) || undefined, "the end of what it started");
  });

  test("a command that leaves something behind is over when it ends", async () => {
    machine.allow("sh ...");
    const script = "sleep 300 & echo $!";
    const { stdout, exitCode } = (await run({ command: ["sh", "-c", script] })) as {
      stdout: string;
      exitCode: number;
    };
    expect(exitCode).toBe(0);
    await until(() => !lives(Number(stdout)) || undefined, "the end of what it left");
  });

  test("a caller who gives up ends the command", async () => {
    const pids = join(machine.folder, "pids");
    machine.allow("sh ...");
    const running = run({ command: ["sh", "-c", `echo $$ >${pids}; exec sleep 300`] });
    const refused = expect(running).rejects.toMatchObject({ code: "CANCELLED" });
    const pid = await until(() => {
      try {
        return Number(readFileSync(pids, "utf8")) || undefined;
      } catch {
        return undefined;
      }
    }, "the command's start");
    machine.controller.abort();
    await refused;
    expect(lives(pid)).toBe(false);
  });

  test("keeps the last hostOutputBytes of what is printed", async () => {
    machine.allow("sh ...");
    const most = limits.hostOutputBytes.value;
    const script = `head -c ${most + 5000} /dev/zero | tr '\\0' a; printf END`;
    const { stdout, truncated } = (await run({ command: ["sh", "-c", script] })) as {
      stdout: string;
      truncated: boolean;
    };
    expect(truncated).toBe(true);
    expect(stdout.length).toBe(most);
    expect(stdout.endsWith("aEND")).toBe(true);
  });

  test("no caller gets more than hostRunMs", async () => {
    expect(limits.hostRunMs.value).toBeLessThan(2 ** 31);
    machine.allow("sleep 300");
    const ended = await run({ command: ["sleep", "300"], timeoutMs: 1e12 }, 400);
    expect(ended).toMatchObject({ timedOut: true });
    const timers = vi.spyOn(globalThis, "setTimeout");
    machine.allow("true");
    await run({ command: ["true"], timeoutMs: 1e12 }, 1e12);
    const longest = Math.max(...timers.mock.calls.map(([, ms = 0]) => ms));
    timers.mockRestore();
    expect(longest).toBe(limits.hostRunMs.value);
  });

  test("hands output over as it comes, where that is asked for", async () => {
    machine.allow("echo ...");
    await run({ command: ["echo", "quiet"] });
    await run({ command: ["echo", "loud"], stream: true });
    expect(machine.progress).toEqual(["loud\n"]);
  });
});

test("what was cancelled before is not started", async () => {
  machine.controller.abort();
  const ask = {
    argv: ["true"],
    timeoutMs: 1000,
    outputBytes: 10,
    signal: machine.controller.signal,
  };
  await expect(runProgram(ask)).rejects.toMatchObject({ code: "CANCELLED" });
});
