import { appendFile, lutimes, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GatewayProcess, type GatewayRun, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { Ledger } from "./support/kill/ledger.ts";
import { Life } from "./support/kill/life.ts";
import { expectLines } from "./support/kill/lines.ts";
import {
  firstSteps,
  lastOfRoll,
  type Prepare,
  rareSteps,
  type Step,
  steps,
  type When,
  whens,
} from "./support/kill/steps.ts";
import { connectAs, host, pair } from "./support/owner.ts";

const nodesIn = ["linked", undefined, "approved", "rejected", undefined] as const;
/** Rounds at random moments beside those at the named steps; with LONG=1, rounds in all. */
const RANDOM_ROUNDS = 12;
const LONG_ROUNDS = process.env["LONG"] === "1" ? 1_000 : 0;
const LONGEST_STORM_MS = 250;

const preload = fileURLToPath(new URL("support/kill/preload.mjs", import.meta.url));
const nodeArgs = ["--import", preload];

interface Round extends Partial<Step> {
  readonly when?: When;
}

const ledger = new Ledger();
const seen = new Set<string>();
let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start({ nodeArgs });
  const { device, client } = await pair(gateway);
  client.close();
  ledger.labelled = { device, sure: "paired", maybe: undefined };
  ledger.entries.set(device.deviceId, ledger.labelled);
  await gateway.kill();
});
afterAll(() => gateway?.close());

type File = (name: string) => string;

const leftOver = (name: string) => (file: File) =>
  writeFile(file(`${name}.0123456789ab.tmp`), "half a file");
const torn = (name: string) => (file: File) => appendFile(file(name), '{"half a');

/** With a change first, because that ends a roll that a kill had left unfinished. */
async function cleanStop(): Promise<void> {
  await gateway.start();
  const deviceId = ledger.labelled?.device.deviceId;
  await ledger.count(ledger.label, (value) =>
    host(gateway, "device.pair.rename", { deviceId, label: `n${value}` }),
  );
  expect(await gateway.stop()).toBe(0);
}

const prepares: Record<Prepare, (file: File) => Promise<unknown>> = {
  "no reserve": (file) => rm(file("gateway.reserve"), { force: true }),
  "torn journal": async (file) => {
    await cleanStop();
    await torn("gateway.journal")(file);
  },
  "torn audit": async (file) => {
    const [newest] = (await readdir(file("audit"))).sort().reverse();
    if (newest) await appendFile(file(`audit/${newest}`), '{"seq":');
  },
  "left-over snapshot": leftOver("gateway.json"),
  "left-over journal": leftOver("gateway.journal.next"),
  "left-over reserve": leftOver("gateway.reserve"),
  "unfinished roll": () => live({ ...lastOfRoll, when: "before" }),
  "torn in a roll": async (file) => {
    await live({ ...lastOfRoll, when: "before" });
    await torn("gateway.journal.next")(file);
  },
  "clean stop": cleanStop,
  "old litter": async (file) => {
    const litter = file("writer-0123456789abcdef.new");
    await rm(litter, { force: true });
    await symlink("writer-0123456789abcdef.sock", litter);
    await lutimes(litter, 0, 0);
  },
};

/** Throws `error` again unless the process just ended: sockets close a moment before it is known. */
async function unlessEnded(run: GatewayRun, error: unknown): Promise<void> {
  await until(() => run.exited, "the end").catch(() => {
    throw error;
  });
}

/** Ready, or ended before. */
async function decided(run: GatewayRun): Promise<boolean> {
  const ready = () => run.log.some(({ msg }) => msg === "gateway ready");
  await until(() => run.exited ?? ready(), "a start");
  return ready();
}

function environment({ step, when, among = 1, fullFrom }: Round): Record<string, string> {
  const nth = 1 + Math.floor(Math.random() * among);
  return {
    ...(step !== undefined && { KILL_AT: JSON.stringify({ step, when, nth }) }),
    ...(fullFrom !== undefined && { FULL_FROM: String(fullFrom) }),
  };
}

/** One life: from the start on what the last kill left, to the next kill. */
async function live(round: Round): Promise<void> {
  if (round.prepare) await prepares[round.prepare]((name) => join(gateway.stateDir, name));
  const run = gateway.launch(environment(round));
  if (await decided(run)) {
    // The step may come while we ask: then the next life is compared.
    await ledger.compare(gateway).catch((error) => unlessEnded(run, error));
    const life = new Life(gateway, ledger, round.work);
    const end = async () => {
      if (round.stopping) run.signal("SIGTERM");
      if (round.step !== undefined) return;
      await pause(Math.random() * LONGEST_STORM_MS);
      run.signal("SIGKILL");
    };
    if (!run.exited) await life.live(run, end).catch((error) => unlessEnded(run, error));
  }
  await run.end();
  expect(run.exited).toMatchObject({ signal: "SIGKILL" });
  await expectLines(gateway.stateDir, ledger);
  if (round.step !== undefined) {
    const { step, when } = round;
    expect(run.log.filter(({ msg }) => msg === "killed")).toMatchObject([{ step, when }]);
  }
  for (const { msg, step } of run.log) if (msg === "step") seen.add(String(step));
  // A full disk is the one failure that is made here.
  const failures = run.log.filter(({ level }) => level >= 50 && round.fullFrom === undefined);
  expect(failures).toEqual([]);
  // Nor is anybody refused but by a full disk, and by a gateway that stops.
  if (!round.fullFrom && !round.stopping) expect(ledger.surprises).toEqual([]);
  ledger.surprises.length = 0;
  gateway.runs.splice(0, gateway.runs.length - 1);
}

function* rounds(): Generator<Round> {
  for (let count = 0; count === 0 || count < LONG_ROUNDS; ) {
    for (const step of steps) {
      for (const when of whens(step)) {
        yield { ...step, when };
        count += 1;
      }
    }
    for (let i = 0; i < RANDOM_ROUNDS; i += 1) {
      const nodes = nodesIn[i % nodesIn.length];
      yield { work: { labels: i % 4 === 0, config: i % 4 === 1, ...(nodes && { nodes }) } };
      count += 1;
    }
  }
}

test(
  "kill -9 at each named step and at random loses nothing that anybody was told",
  async () => {
    const count = { named: 0, random: 0 };
    for (const round of rounds()) {
      const { when = "at random", step = "" } = round;
      await live(round).catch((error) => {
        const number = count.named + count.random + 1;
        throw new Error(`round ${number}, killed ${when} ${step}: ${error.message}`, {
          cause: error,
        });
      });
      count[round.step === undefined ? "random" : "named"] += 1;
    }
    await gateway.start();
    await ledger.compare(gateway);
    // No decision without its line, no line twice, none out of order, after all of that.
    const audit = JSON.parse(await gateway.ok(["audit", "verify", "--json"]));
    expect(audit).toMatchObject({ faults: [], from: 1 });
    const all = count.named + count.random;
    console.log(
      `kill -9: ${all} rounds (${count.named} at ${steps.length} named steps, ${count.random} at random), ` +
        `${ledger.acknowledged} changes acknowledged, none lost; ${audit.lines} lines of audit`,
    );
    expect(all).toBeGreaterThanOrEqual(Math.max(50, LONG_ROUNDS));
    // No step that changes files goes without a name.
    const named = new Set([...[...steps, ...firstSteps].map(({ step }) => step), ...rareSteps]);
    expect([...seen].filter((step) => !named.has(step))).toEqual([]);
  },
  90 * 60_000,
);

test.each(firstSteps.flatMap((each) => whens(each).map((when) => [when, each.step] as const)))(
  "kill -9 %s %s of a first start: the next one succeeds and has the token",
  async (when, step) => {
    const fresh = await GatewayProcess.prepare({ nodeArgs });
    try {
      const token = { OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN };
      const killed = fresh.launch({ ...token, ...environment({ step, when }) });
      await killed.end();
      expect(killed.exited?.signal).toBe("SIGKILL");
      await expectLines(fresh.stateDir, new Ledger());
      const run = await fresh.start(token);
      expect(run.log.filter(({ level }) => level >= 50)).toEqual([]);
      const { client, device } = await pair(fresh);
      client.close();
      (await connectAs(fresh, device)).client.close();
    } finally {
      await fresh.close();
    }
  },
);
