import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { AuditLine } from "../../src/audit/chain.ts";
import { AdminLink } from "../../src/cli/reach/admin-link.ts";
import { GatewayProcess } from "../kit/process.ts";
import { host } from "./support/owner.ts";

/**
 * The configuration is a file of its own: its line in the audit is written ahead, then the file, then
 * a note in the state that this was done. Killed in between, the next start has to settle it.
 */

const preload = fileURLToPath(new URL("support/kill/preload.mjs", import.meta.url));

let gateway: GatewayProcess;
let file: string;
beforeAll(async () => {
  gateway = await GatewayProcess.start({ nodeArgs: ["--import", preload] });
  file = join(gateway.stateDir, "openclaw.json");
  await gateway.stop();
});
// One that failed must not keep the next one from its state.
afterEach(async () => {
  if (!gateway.run.exited) await gateway.kill();
});
afterAll(() => gateway?.close());

interface Change {
  /** Written by hand while no gateway runs, which leaves a line of its own at the start. */
  readonly before: object;
  readonly method: string;
  readonly params: object;
  /** What its line says. */
  readonly event: string;
  readonly what: object;
}

const change = (method: string, name: string): Change => ({
  before: { gateway: { name: `before ${name}` } },
  method,
  params:
    method === "host.config.set"
      ? { path: "gateway.name", value: name }
      : { raw: JSON.stringify({ gateway: { name } }) },
  event: "config.changed",
  what: { keys: ["gateway.name"] },
});

const auth = { token: "clear-token-0123456789", password: "clear-password-0123456789" };
const inClear = (method: string, params: object, what: object, event: string): Change => ({
  before: { gateway: { auth } },
  method,
  params,
  event,
  what,
});
const renewed = inClear("host.token.new", {}, { kind: "token" }, "secret.set");
const migrated = inClear(
  "host.config.migrate",
  { apply: true },
  { kinds: ["token", "password"] },
  "secret.migrated",
);

const rename = "rename openclaw.json.tmp > openclaw.json";
const cases: readonly (readonly [when: string, step: string, change: Change])[] = [
  ["before", "open openclaw.json.tmp", change("host.config.set", "one")],
  ["torn", "write openclaw.json.tmp", change("host.config.set", "two")],
  ["after", "sync openclaw.json.tmp", change("host.config.set", "three")],
  ["before", rename, change("host.config.set", "four")],
  ["after", rename, change("host.config.set", "five")],
  ["before", rename, change("config.patch", "six")],
  ["after", rename, change("config.patch", "seven")],
  ["before", "open openclaw.json.tmp", renewed],
  ["before", rename, renewed],
  ["after", rename, renewed],
  ["before", "open openclaw.json.tmp", migrated],
  ["before", rename, migrated],
  ["after", rename, migrated],
];

const linesSince = async (seq: number): Promise<AuditLine[]> => {
  const { lines } = await host<{ lines: AuditLine[] }>(gateway, "host.audit.list", { limit: 100 });
  return lines.filter((line) => line.seq > seq);
};

/** With the hash that a client has read, where the method takes one. */
async function paramsOf({ method, params }: Change): Promise<object> {
  if (!method.startsWith("config.")) return params;
  const { hash } = await host<{ hash: string }>(gateway, "config.get", {});
  return { ...params, baseHash: hash };
}

test.each(cases)(
  "killed %s “%s”: one line a change, and a second where the file has the old text",
  async (when, step, wanted) => {
    await writeFile(file, JSON.stringify(wanted.before), { mode: 0o600 });
    const old = await readFile(file, "utf8");
    await gateway.start();
    // The edit by hand has its line now, and the note of it is written by a stop at the latest.
    const seen = (await linesSince(0)).at(-1)?.seq ?? 0;
    expect(await gateway.stop()).toBe(0);
    const run = await gateway.start({ KILL_AT: JSON.stringify({ step, when }) });
    const owner = await AdminLink.open(gateway.adminSocket);
    const params = await paramsOf(wanted);
    await expect(owner.request(wanted.method, params)).rejects.toThrow();
    await owner.close();
    await run.end();
    expect(run.exited?.signal).toBe("SIGKILL");
    const isOld = (await readFile(file, "utf8")) === old;
    expect(isOld).toBe(when !== "after" || step !== rename);
    await gateway.start();
    const lines = await linesSince(seen);
    const [first] = lines;
    expect(first).toMatchObject({ event: wanted.event, by: { kind: "host" }, what: wanted.what });
    const failed = { line: first?.seq, change: wanted.event };
    expect(lines.slice(1)).toMatchObject(
      isOld ? [{ event: "change.failed", by: { kind: "gateway" }, what: failed }] : [],
    );
    expect(await gateway.stop()).toBe(0);
    // It is settled: another start has nothing to say.
    await gateway.start();
    expect(await linesSince(seen)).toEqual(lines);
    expect(await gateway.stop()).toBe(0);
  },
);

test("after all of it the chain is whole", async () => {
  await gateway.start();
  const audit = JSON.parse(await gateway.ok(["audit", "verify", "--json"]));
  expect(audit).toMatchObject({ faults: [], from: 1 });
});
