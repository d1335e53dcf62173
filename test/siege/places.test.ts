import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canRun } from "../fault/support/disk.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import { PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { addresses } from "./support/attack.ts";
import { Siege } from "./support/siege.ts";

/** As a service gets them on many a machine whose owner asked for no more. */
const OPEN_FILES = 700;
/** With `--long` longer than a kept-alive connection was counted once. */
const MS = process.env["LONG"] === "1" ? 30_000 : 2_200;

const one = ["127.66.0.1"];
const many = addresses(300);
const able = canRun("prlimit", "--version");

describe.skipIf(!able)(`a gateway that may open ${OPEN_FILES} files`, () => {
  let siege: Siege;
  beforeAll(async () => {
    const runner = ["prlimit", `--nofile=${OPEN_FILES}:${OPEN_FILES}`];
    siege = await Siege.begin({ runner });
  });
  afterAll(() => siege?.end());

  test.each([
    ["refused ones that do not hang up, from one address", { attack: "refused", sources: one }],
    ["refused ones that do not hang up, from 300", { attack: "refused", sources: many }],
    ["plain connections kept alive, from one address", { attack: "keptAlive", sources: one }],
    ["plain connections kept alive, from 300", { attack: "keptAlive", sources: many }],
    ["connections that say nothing, from one address", { attack: "silent", sources: one }],
    ["connections that say nothing, from 300", { attack: "silent", sources: many }],
    ["upgrades that say nothing, from one address", { attack: "silentUpgrades", sources: one }],
    ["upgrades that say nothing, from 300", { attack: "silentUpgrades", sources: many }],
  ])("%s", async (name, how) => {
    const to = { port: siege.gateway.port };
    const toll = await siege.endure(name, { ...how, to, count: 600, rate: 300 }, MS);
    expect(toll.files).toBeLessThan(OPEN_FILES);
    expect(toll.during.returns).toBeGreaterThan(0);
  });

  test("one device that takes every place it can", async () => {
    const device = makeDevice();
    const [auth, scopes] = [{ token: PROCESS_TOKEN }, ["operator.read"]];
    const asking = await RawClient.open(siege.gateway.url);
    const { error } = await asking.connect({ device, auth, scopes });
    await siege.owner.request("device.pair.approve", { requestId: error.details.requestId });
    const toll = await siege.endure(
      "one device that takes every place it can",
      {
        attack: "greedyDevice",
        to: { port: siege.gateway.port },
        sources: addresses(40),
        count: 600,
        rate: 300,
        device,
        token: PROCESS_TOKEN,
      },
      MS,
    );
    expect(toll.during.returns).toBeGreaterThan(0);
    expect(toll.result.answered).toBeGreaterThan(50);
    expect((await siege.counters())["device-sockets-refused"]).toBeGreaterThan(0);
  });

  test("all is given back", async () => {
    await until(() => siege.files < 250, "its sockets");
    const client = await RawClient.open(siege.gateway.url, { localAddress: "127.66.0.1" });
    client.close();
  });
});
