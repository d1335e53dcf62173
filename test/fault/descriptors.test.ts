import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { canRun } from "./support/disk.ts";
import { ask, connectAs, host, type Paired, pair } from "./support/owner.ts";

const OPEN_FILES = 256;
/** More than all descriptors that the process may have. */
const CROWD = 400;

const able = canRun("prlimit", "--version");

describe.skipIf(!able)(`a gateway that may open ${OPEN_FILES} files`, () => {
  let gateway: GatewayProcess;
  let paired: Paired;
  const crowd: (Socket | RawClient)[] = [];
  const descriptors = () => readdirSync(`/proc/${gateway.run.pid}/fd`).length;

  beforeAll(async () => {
    const runner = ["prlimit", `--nofile=${OPEN_FILES}:${OPEN_FILES}`];
    gateway = await GatewayProcess.start({ runner });
    paired = await pair(gateway);
  });
  afterAll(async () => {
    for (const socket of crowd) hangUp(socket);
    await gateway?.close();
  });

  function hangUp(socket: Socket | RawClient): void {
    if (socket instanceof RawClient) socket.ws.terminate();
    else socket.destroy();
  }

  /** Sockets that connect and say nothing. */
  function silent(count: number): Socket[] {
    const sockets = Array.from({ length: count }, () => connect(gateway.port, "127.0.0.1"));
    for (const socket of sockets) socket.on("error", () => undefined);
    crowd.push(...sockets);
    return sockets;
  }

  /** Share of one processor that it uses while `ms` pass. */
  async function load(ms: number): Promise<number> {
    const ticks = () => {
      const fields = readFileSync(`/proc/${gateway.run.pid}/stat`, "utf8").split(" ");
      return Number(fields[13]) + Number(fields[14]);
    };
    const [before, at] = [ticks(), performance.now()];
    await until(() => performance.now() - at > ms, "the time to pass");
    return ((ticks() - before) * 10) / (performance.now() - at);
  }

  async function expectService(): Promise<void> {
    expect((await paired.client.request("health")).ok).toBe(true);
    const listed = await gateway.ok(["devices", "list"]);
    expect(listed).toContain(paired.device.deviceId.slice(0, 8));
    const { deviceId } = paired.device;
    // A change of state needs files of its own when a snapshot is due.
    await host(gateway, "device.pair.rename", { deviceId, label: "still here" });
    expect(descriptors()).toBeLessThan(OPEN_FILES);
  }

  test("serves its clients and its owner while silent sockets ask for all descriptors", async () => {
    const leaves = await pair(gateway);
    const requestId = await ask(gateway);
    const sockets = silent(CROWD);
    let gone = 0;
    for (const socket of sockets) socket.on("close", () => (gone += 1));
    await until(() => gone > CROWD - OPEN_FILES, "the refusals");
    await expectService();
    await gateway.ok(["devices", "approve", requestId]);
    await gateway.ok(["devices", "remove", leaves.device.deviceId]);
    expect(await leaves.client.end()).toEqual({ code: 4001, reason: "device removed" });
    expect(await load(1_000)).toBeLessThan(0.3);
    const { closes } = (await host(gateway, "status")).gateway;
    expect(closes["connections-refused"]).toBeGreaterThan(CROWD - OPEN_FILES);
  });

  test("lets others in again when they are gone", async () => {
    for (const socket of crowd.splice(0)) hangUp(socket);
    const { client } = await until(
      () => connectAs(gateway, paired.device).catch(() => undefined),
      "a connection",
    );
    client.close();
    await ask(gateway);
  });

  test("refuses connections past what fits with HTTP 503, and counts what ended", async () => {
    const answers = new Set<string>();
    for (let tries = 0; tries < CROWD && !answers.has("503"); tries += 1) {
      // Each from a network of its own: no address and no device may have that many.
      const attempt = RawClient.open(gateway.url, { localAddress: `127.9.${tries % 250}.1` });
      const outcome = await attempt.then(
        (client) => {
          crowd.push(client);
          return "in";
        },
        (error: Error) => /50\d/.exec(error.message)?.[0] ?? error.message,
      );
      answers.add(outcome);
    }
    expect(answers).toEqual(new Set(["in", "503"]));
    await expectService();
    for (const socket of crowd.splice(0)) hangUp(socket);
    await until(() => descriptors() < 64, "the descriptors");
    const again = await connectAs(gateway, paired.device);
    again.client.close();
  });

  test("serves its clients while the admin socket is crowded, and then the owner", async () => {
    const sockets = Array.from({ length: CROWD }, () => connect(gateway.adminSocket));
    for (const socket of sockets) socket.on("error", () => undefined).resume();
    crowd.push(...sockets);
    await until(() => sockets.some(({ destroyed }) => destroyed), "a refusal");
    const refused = await gateway.cli(["status"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("too many admin connections");
    expect((await paired.client.request("health")).ok).toBe(true);
    for (const socket of crowd.splice(0)) hangUp(socket);
    await until(async () => (await gateway.cli(["status"])).code === 0, "the owner's turn");
  });

  test("stops as it always does", async () => {
    silent(CROWD);
    expect(await gateway.stop()).toBe(0);
    await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
  });
});
