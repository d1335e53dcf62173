import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../kit/until.ts";
import { addresses } from "./support/attack.ts";
import { Siege } from "./support/siege.ts";

const MiB = 1024 * 1024;
/** What the process may take more than before: its own caches and garbage, while it is as busy as it can be. */
const MAY_GROW = 96 * MiB;
const MS = 2_200;

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.begin();
});
afterAll(() => siege?.end());

const one = ["127.66.0.1"];
const many = addresses(300);

describe("who sends much and reads nothing takes no memory", () => {
  test.each([
    ["a stranger that waits and floods pings", { attack: "waitingPings", sources: one, count: 6 }],
    [
      "pings, then a broken frame, from one address",
      { attack: "brokenFirst", sources: one, count: 6 },
    ],
    ["pings, then a broken frame, from 300", { attack: "brokenFirst", sources: many, count: 60 }],
    [
      "the page asked for on and on, from one address",
      { attack: "pipelined", sources: one, count: 4 },
    ],
    ["the page asked for on and on, from 300", { attack: "pipelined", sources: many, count: 60 }],
  ])("%s", async (name, how) => {
    const to = { port: siege.gateway.port };
    const { grew, result } = await siege.endure(name, { ...how, to }, MS);
    expect(result.sent).toBeGreaterThan(0);
    expect(grew).toBeLessThan(MAY_GROW);
  });
});

/** Ten million with `--long`. */
const FRAMES = process.env["LONG"] === "1" ? 10_000_000 : 100_000;

test(`${FRAMES} hostile frames change nothing`, { timeout: 3_600_000 }, async () => {
  let sent = 0;
  let grew = 0;
  while (sent < FRAMES) {
    const to = { port: siege.gateway.port };
    const how = { attack: "hostileFrames", sources: many, count: 40, rate: 2_000, to };
    const toll = await siege.endure("hostile frames", how, MS);
    sent += toll.result.sent;
    grew = Math.max(grew, toll.grew);
  }
  expect(grew).toBeLessThan(MAY_GROW);
});

test("what was taken is given back", async () => {
  await until(async () => siege.files < 400, "its sockets");
  expect(siege.gateway.run.exited).toBeUndefined();
});
