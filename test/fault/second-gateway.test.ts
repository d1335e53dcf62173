import { afterEach, describe, expect, test } from "vitest";
import { GatewayProcess, type GatewayRun } from "../kit/process.ts";
import { canRun } from "./support/disk.ts";
import { connectAs, host, listed, pair } from "./support/owner.ts";

/** Where a second gateway may come from. `--kill-child`: a kill reaches the gateway itself. */
const pidNamespace = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
/** Without its loopback a gateway there could not listen on it. */
const loopback = ["sh", "-c", 'ip link set lo up && exec "$0" "$@"'];
const places: Record<string, readonly string[]> = {
  "the same machine": [],
  "another process-id namespace": pidNamespace,
  "another process-id and network namespace": [...pidNamespace, "--net", ...loopback],
};

const isolated = canRun(pidNamespace[0] ?? "", ...pidNamespace.slice(1), "true");
const usable = Object.entries(places).filter(([, runner]) => runner.length === 0 || isolated);

/** A gateway that is the first process would take its namespace for its container. */
const env = { OPENCLAW_CONTAINER: "0" };

const all: GatewayProcess[] = [];
afterEach(async () => {
  for (const gateway of all.splice(0)) await gateway.close();
});

async function started(runner: readonly string[]): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({ runner, env });
  all.push(gateway);
  return gateway;
}

/** A gateway on the state of `first`, with a port of its own. */
async function beside(first: GatewayProcess, runner: readonly string[]): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.prepare({ stateDir: first.stateDir, runner, env });
  all.push(gateway);
  return gateway;
}

async function refusal(run: GatewayRun): Promise<{ msg: string; next: string }> {
  expect(await run.end(), run.output).toBe(6);
  const { level, code, msg, next } = run.log.at(-1) ?? { level: 0, msg: "" };
  expect({ level, code }).toEqual({ level: 60, code: "STORE_LOCKED" });
  return { msg, next: String(next) };
}

describe.each(usable)("a second gateway on the same state, from %s", (_name, runner) => {
  test("is refused, told who holds it and how to stop that one, which notices nothing", async () => {
    const first = await started([]);
    const { client, device } = await pair(first);
    const { msg, next } = await refusal((await beside(first, runner)).launch());
    const where = runner.length > 0 ? " of another container or process-id namespace" : "";
    expect(msg).toContain(
      `${first.stateDir} is in use: held by process ${first.run.pid}${where}, `,
    );
    expect(msg).toContain(`admin socket ${first.adminSocket}`);
    expect(next).toContain("openclaw gateway stop");
    expect((await client.request("health")).ok).toBe(true);
    client.close();
    const again = await connectAs(first, device);
    again.client.close();
    expect(first.run.log.filter(({ level }) => level >= 40)).toEqual([]);
  });

  test("starts at once when the first was killed, and has all of its state", async () => {
    const first = await started([]);
    const { client, device } = await pair(first);
    client.close();
    await first.kill();
    const second = await beside(first, runner);
    await second.start();
    expect((await listed(second)).paired).toEqual(new Set([device.deviceId]));
    expect(second.output).not.toContain("STORE_LOCKED");
  });

  test("is the one that runs: the command that the refusal names stops it", async () => {
    const first = await started(runner);
    const late = await beside(first, []);
    const { msg } = await refusal(late.launch());
    expect(msg).toMatch(
      runner.length > 0 ? /process \d+ of another container/ : /process \d+, version/,
    );
    await host(first, "host.info");
    await first.ok(["gateway", "stop"]);
    expect(await first.run.end()).toBe(0);
    await late.start();
  });

  test("is the one that was killed: no stale lock keeps the next from starting", async () => {
    const first = await started(runner);
    await host(first, "host.info");
    await first.kill();
    const late = await beside(first, []);
    await late.start();
    expect(late.output).not.toContain("STORE_LOCKED");
  });
});
