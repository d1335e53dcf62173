import { expect } from "vitest";
import { limitTable } from "../../../../src/limits/table.ts";
import { makeDevice } from "../../../kit/client.ts";
import { PROCESS_TOKEN } from "../../../kit/process.ts";
import { until } from "../../../kit/until.ts";
import { each } from "../attackers.ts";
import { type Ground, type Offence, tally, words } from "./ground.ts";

const WRONG = ["AUTH_RATE_LIMITED", "AUTH_TOKEN_MISMATCH", "authentication busy; retry shortly"];
/** Times to connect in the log storm: more addresses than failures are remembered of. */
const STORM = limitTable.limiterEntries.value + 50;
const SUMMARY = "left out of the log: too many lines in one second";

async function guess(ground: Ground, address: string, token: string): Promise<string> {
  return ground.stranger(address, { device: makeDevice(), auth: { token } });
}

const secretsFromOne: Offence = {
  name: "wrong passwords from one address, until it is locked and on, and a paired device there",
  rows: ["authFailures", "argon2PerSource"],
  async run(ground) {
    const address = ground.address();
    const device = makeDevice();
    const asking = await ground.open(address);
    const { error } = await asking.connect({ device, auth: { token: PROCESS_TOKEN } });
    await ground.owner.request("device.pair.approve", { requestId: error.details.requestId });
    const first = await ground.open(address);
    const { deviceToken } = (await first.connect({ device, auth: { token: PROCESS_TOKEN } }))
      .payload.auth;
    const told: string[] = [];
    const storm = () =>
      each(Array.from({ length: 60 }), 12, async () => {
        told.push(await guess(ground, address, `wrong ${told.length} ${Math.random()}`));
      });
    const locked = () => told.includes("AUTH_RATE_LIMITED");
    await until(() => storm().then(locked), "the lock");
    await storm();
    expect(Object.keys(tally(told)).sort()).toEqual(WRONG);
    // Locked for everybody there who has to guess; a device with its token is not.
    const paired = await ground.open(address);
    expect((await paired.connect({ device, auth: { deviceToken } })).ok).toBe(true);
    paired.close();
    first.close();
    return words(tally(told));
  },
};

const secretsFromMany: Offence = {
  name: "300 wrong passwords from as many addresses",
  rows: ["argon2Queued"],
  async run(ground) {
    const told: string[] = [];
    await each(ground.addresses(300), 80, async (address) => {
      told.push(await guess(ground, address, `wrong at ${address}`));
    });
    expect(Object.keys(tally(told)).sort()).toEqual(WRONG.slice(1));
    return words(tally(told));
  },
};

const logStorm: Offence = {
  name: `${STORM} refusals from as many addresses, for the log`,
  rows: ["logLinesPerSecond", "limiterEntries"],
  async run(ground) {
    const { log } = ground.gateway.run;
    const from = log.length;
    const at = performance.now();
    const auth = { deviceToken: "A".repeat(43) };
    const devices = Array.from({ length: 20 }, makeDevice);
    await each(ground.addresses(STORM), 16, async (address, i) => {
      const device = devices[i % devices.length] ?? makeDevice();
      await ground.stranger(address, { device, auth });
    });
    const lines = () => log.slice(from);
    const told = (name: string) =>
      lines()
        .filter(({ msg }) => msg === SUMMARY)
        .reduce((sum, { counts }) => sum + ((counts as Record<string, number>)[name] ?? 0), 0);
    const name = "AUTH_DEVICE_TOKEN_MISMATCH";
    const written = () =>
      lines().filter(({ code, reason }) => code === name || /token mismatch/.test(`${reason}`))
        .length;
    // What was not written is in the summaries.
    await until(
      () => told(name) + written() === STORM,
      () => `${told(name)} + ${written()}`,
    );
    const seconds = Math.ceil((performance.now() - at) / 1000);
    const { value } = limitTable.logLinesPerSecond;
    const summaries = lines().filter(({ msg }) => msg === SUMMARY).length;
    expect(written() + summaries).toBeLessThanOrEqual((value + 1) * (seconds + 3));
    return `${written()} lines and ${summaries} summaries in ${seconds} s`;
  },
};

export const secretOffences: readonly Offence[] = [secretsFromOne, secretsFromMany, logStorm];
