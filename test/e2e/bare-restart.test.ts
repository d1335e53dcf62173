import { spawnSync } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { Frame } from "../kit/client.ts";
import { gatewayArgs } from "../kit/gateway-run.mjs";
import { GatewayProcess, GatewayRun, PROCESS_TOKEN } from "../kit/process.ts";
import { Reference, ReferenceDevice } from "../kit/reference.ts";
import { until } from "../kit/until.ts";

const namespace = ["unshare", "--fork", "--pid", "--kill-child", "--mount-proc"] as const;
const probe = spawnSync(namespace[0], [...namespace.slice(1), "true"]);
const reason = probe.status === 0 ? undefined : `${probe.error ?? probe.stderr}`.trim();
if (reason) console.log(`The test of a gateway as process 1 is skipped: ${reason}`);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** The gateway as the first process of a namespace, as a container without an init runs it. */
class Contained {
  readonly #run: GatewayRun;

  constructor(private readonly gateway: GatewayProcess) {
    const words = [...namespace, process.execPath, ...gatewayArgs(gateway)];
    const env = { ...gateway.env, OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN };
    this.#run = new GatewayRun(words, { env });
  }

  /** Its exit code, once it has ended; `null` after a signal. */
  get exit(): number | null | undefined {
    return this.#run.exited?.code;
  }

  /** The gateway's process id as the host sees it. */
  async pid(): Promise<number> {
    const path = `/proc/${this.#run.pid}/task/${this.#run.pid}/children`;
    return Number((await readFile(path, "utf8")).trim());
  }

  /** Resolves when the gateway has said `nth` times that it is ready. */
  async ready(nth: number): Promise<void> {
    await this.#run.logged("gateway ready", nth);
  }

  /** Runs `openclaw …` inside, as `docker exec` does. */
  async exec(...args: string[]): Promise<string> {
    const inside = ["-t", String(await this.pid()), "--pid", "--mount", process.execPath];
    const { env } = this.gateway;
    const done = spawnSync("nsenter", [...inside, this.gateway.program, ...args], { env });
    expect([args, done.status, String(done.stderr)]).toEqual([args, 0, ""]);
    return String(done.stdout);
  }

  kill(): void {
    this.#run.signal("SIGKILL");
  }
}

describe.skipIf(reason !== undefined)("a gateway as process 1 without a supervisor", () => {
  test("restarts in place, inside and out, and ends with 0 at SIGTERM", async () => {
    const gateway = await GatewayProcess.prepare();
    ends.push(() => gateway.close());
    const contained = new Contained(gateway);
    ends.push(() => contained.kill());
    await contained.ready(1);
    const pid = await contained.pid();
    expect(await contained.exec("gateway", "status")).toMatch(
      /running, started just now, process 1\./,
    );
    expect(await readlink(`/proc/${pid}/ns/pid`)).not.toBe(await readlink("/proc/self/ns/pid"));

    const device = new ReferenceDevice();
    const client = Reference.start(gateway.url, { device, token: PROCESS_TOKEN });
    ends.push(() => client.stop());
    await contained.exec("devices", "approve", (await client.refusal()).details.requestId);
    await client.hello();

    const again = /^The gateway accepts connections again after (\d+ ms|\d\.\d s), on http/;
    const said = await contained.exec("gateway", "restart");
    expect(said).toMatch(again);
    await contained.ready(2);
    await client.hello(2);
    expect(client.closes.at(-1)).toEqual({ code: 1012, reason: "service restart" });
    // From outside the gateway's own process id means another process, or none.
    expect(await gateway.ok(["gateway", "restart"])).toMatch(again);
    await contained.ready(3);
    expect(await contained.pid()).toBe(pid);
    const { paired } = await gateway.json<Frame>(["devices", "list"]);
    expect(paired.map((row: Frame) => row.deviceId)).toEqual([device.deviceId]);
    console.log(`restart as process 1: ${again.exec(said)?.[1]} until connects were accepted`);

    process.kill(pid, "SIGTERM");
    expect(await until(() => contained.exit !== undefined && [contained.exit], "its end")).toEqual([
      0,
    ]);
    await expect(fetch(`http://127.0.0.1:${gateway.port}/`)).rejects.toThrow();
  });

  test("ends with 0 when it is told to stop by command", async () => {
    const gateway = await GatewayProcess.prepare();
    ends.push(() => gateway.close());
    const contained = new Contained(gateway);
    ends.push(() => contained.kill());
    await contained.ready(1);
    expect(await gateway.ok(["gateway", "stop"])).toMatch(/^The gateway stopped after /);
    expect(await until(() => contained.exit !== undefined && [contained.exit], "its end")).toEqual([
      0,
    ]);
  });
});
