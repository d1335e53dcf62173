import { generateKeyPairSync, sign } from "node:crypto";
import { chmod, cp, lchown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chained, headOf } from "../../src/audit/chain.ts";
import { signedText, type Trail, type TrailChange } from "../../src/audit/trail.ts";
import type { AuditVerdict } from "../../src/audit/verify.ts";
import { systemWorld } from "../../src/lib/world.ts";
import { openState, statePartsOf } from "../../src/main/state.ts";
import { GatewayProcess } from "../kit/process.ts";
import { damages, expectNamed, Found, writeAudit } from "./support/audit-damage.ts";

/** Every kind of damage to the audit is found and named, by the built command line. */

const NOBODY = 65_534;
const byHost = { kind: "host" as const };
let base: string;
const folders: string[] = [];
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "audit-base-"));
  folders.push(base);
  await writeAudit(base, 12);
});
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function copyOf(folder: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "audit-damaged-"));
  folders.push(copy);
  await cp(folder, copy, { recursive: true });
  return copy;
}

async function verify(gateway: GatewayProcess): Promise<AuditVerdict> {
  const { code, stdout } = await gateway.cli(["audit", "verify", "--json"]);
  const verdict = JSON.parse(stdout) as AuditVerdict;
  expect(code).toBe(verdict.faults.length === 0 ? 0 : 1);
  return verdict;
}

test("twelve lines in four files are whole, however the gateway is asked", async () => {
  const gateway = await GatewayProcess.prepare({ stateDir: await copyOf(base) });
  const whole = { lines: 12, from: 1, to: 12, faults: [] };
  expect((await Found.in(base)).names).toHaveLength(4);
  expect(await verify(gateway)).toEqual(whole);
  await gateway.start();
  expect(await verify(gateway)).toEqual(whole);
  await gateway.kill();
});

describe("with the gateway stopped", () => {
  test.each(damages.map((damage) => [damage.what, damage] as const))(
    "%s",
    async (_what, damage) => {
      const stateDir = await copyOf(base);
      const found = await Found.in(stateDir);
      const gateway = await GatewayProcess.prepare({ stateDir });
      await damage.do(found);
      const verdict = await verify(gateway);
      expectNamed(verdict, damage, found);
      // Looking at it changes nothing: a second look finds the same.
      expect(await verify(gateway)).toEqual(verdict);
    },
  );

  test("people read the file, the line and what to compare with", async () => {
    const stateDir = await copyOf(base);
    const found = await Found.in(stateDir);
    await found.edit(1, ([one = "", ...rest]) => [one.replace("host", "hoSt"), ...rest]);
    const gateway = await GatewayProcess.prepare({ stateDir });
    const { code, stdout } = await gateway.cli(["audit", "verify"]);
    expect(code).toBe(1);
    expect(stdout).toContain(`${found.name(1)}, line 1: it was changed: its hash is another's`);
    expect(stdout).toContain("journalctl -u openclaw-gateway");
  });

  test("a file that may not be read", async () => {
    const stateDir = await copyOf(base);
    const found = await Found.in(stateDir);
    await chmod(found.path(1), 0);
    // Root may read all; on the state of another user the command line becomes that one.
    if (process.getuid?.() === 0) {
      const names = await readdir(stateDir, { recursive: true });
      for (const name of ["", ...names]) await lchown(join(stateDir, name), NOBODY, NOBODY);
    }
    const gateway = await GatewayProcess.prepare({ stateDir });
    const { faults } = await verify(gateway);
    const problem = "it can't be read: this user may not";
    expect(faults[0]).toEqual({ file: found.name(1), problem });
  });
});

describe("with the gateway running", () => {
  let gateway: GatewayProcess;
  let stateDir: string;
  beforeAll(async () => {
    stateDir = await copyOf(base);
    gateway = await GatewayProcess.prepare({ stateDir });
    await gateway.start();
  });
  afterAll(() => gateway?.close());

  test.each(damages.map((damage) => [damage.what, damage] as const))(
    "%s",
    async (_what, damage) => {
      const audit = join(stateDir, "audit");
      await rm(audit, { recursive: true, force: true });
      await cp(join(base, "audit"), audit, { recursive: true });
      const found = await Found.in(stateDir);
      expect((await verify(gateway)).faults).toEqual([]);
      await damage.do(found);
      expectNamed(await verify(gateway), damage, found);
    },
  );

  test("decisions go on meanwhile, and what is found stays found", async () => {
    const audit = join(stateDir, "audit");
    await rm(audit, { recursive: true, force: true });
    await cp(join(base, "audit"), audit, { recursive: true });
    const found = await Found.in(stateDir);
    await found.edit(1, ([one = "", , three = ""]) => [one, three]);
    for (let i = 0; i < 3; i += 1) await gateway.ok(["config", "set", "gateway.name", `n${i}`]);
    const { faults, to } = await verify(gateway);
    expect(faults).toMatchObject([{ file: found.name(1), line: 2 }]);
    expect(to).toBe(15);
  });
});

describe("what somebody changes who may write the state too", () => {
  /** The state of `stateDir` with other changes to its part of the audit. */
  async function changed(
    stateDir: string,
    change: (trail: Trail) => readonly TrailChange[],
  ): Promise<GatewayProcess> {
    const options = { folder: stateDir, world: systemWorld };
    const document = await openState(options);
    const { audit, host } = statePartsOf(document);
    const changes = change(host.working.trail);
    const lines = changes.filter((one) => one.op === "audit");
    await host.commit(
      changes.filter((one) => one.op !== "audit"),
      { also: [audit.also(lines)] },
    );
    await document.close();
    return GatewayProcess.prepare({ stateDir });
  }

  const byKey = (key: Parameters<typeof sign>[2], head: { seq: number; hash: string }) => ({
    ...head,
    signature: sign(null, signedText(head), key).toString("base64url"),
  });
  const { privateKey } = generateKeyPairSync("ed25519");

  test("an end that another key signed, for files and a state that agree", async () => {
    const stateDir = await copyOf(base);
    const head = await (await Found.in(stateDir)).rewrite(2, 1);
    // The state learns of the other end by lines that it takes for new ones.
    const gateway = await changed(stateDir, ({ head: known }) => {
      const line = chained(known, { event: "x", by: byHost }, 1);
      return [
        { op: "audit", line },
        { op: "audit-written", signed: byKey(privateKey, head) },
      ];
    });
    const problems = (await verify(gateway)).faults.map(({ problem }) => problem);
    expect(problems).toContain("the gateway's key did not sign the end that the state knows");
  });

  test("a line that the state has and the gateway never signed, and a file that has it too", async () => {
    const stateDir = await copyOf(base);
    const found = await Found.in(stateDir);
    const last = JSON.parse((await found.lines(-1)).at(-1) ?? "");
    const line = chained(headOf(last), { event: "device.approved", by: byHost }, 1);
    await found.edit(-1, (lines) => [...lines, JSON.stringify(line)]);
    const gateway = await changed(stateDir, () => [{ op: "audit", line }]);
    // As a crash between writing and noting it would leave it: the line follows, and is no damage.
    expect((await verify(gateway)).faults).toEqual([]);
  });

  test("the files alone are an older copy", async () => {
    const stateDir = await copyOf(base);
    await writeAudit(stateDir, 2);
    await rm(join(stateDir, "audit"), { recursive: true });
    await cp(join(base, "audit"), join(stateDir, "audit"), { recursive: true });
    const gateway = await GatewayProcess.prepare({ stateDir });
    expect((await verify(gateway)).faults).toMatchObject([
      { problem: "2 lines are missing at the end (13 to 14)" },
    ]);
  });

  test("the state alone is an older copy", async () => {
    const stateDir = await copyOf(base);
    const newer = await copyOf(base);
    await writeAudit(newer, 2);
    await rm(join(stateDir, "audit"), { recursive: true });
    await cp(join(newer, "audit"), join(stateDir, "audit"), { recursive: true });
    const gateway = await GatewayProcess.prepare({ stateDir });
    expect((await verify(gateway)).faults).toMatchObject([
      { problem: "it goes on behind number 12, where the state ends" },
    ]);
    // And goes on, behind what it does not know: nothing is taken off, nothing kept back.
    await gateway.start();
    await gateway.ok(["config", "set", "gateway.name", "home"]);
    const { faults } = await verify(gateway);
    expect(faults.map(({ problem }) => problem)).toContain("number 13 follows number 14");
    expect(gateway.run.output).toContain("the audit's files go on where the state ends");
    await gateway.kill();
  });

  test("both are an older copy: that is whole in itself, and only the copy in the log tells", async () => {
    const stateDir = await copyOf(base);
    const gateway = await GatewayProcess.prepare({ stateDir });
    await gateway.start();
    for (let i = 0; i < 2; i += 1) await gateway.ok(["config", "set", "gateway.name", `n${i}`]);
    expect(await verify(gateway)).toMatchObject({ to: 14, faults: [] });
    await gateway.stop();
    await rm(stateDir, { recursive: true });
    await cp(base, stateDir, { recursive: true });
    expect(await verify(gateway)).toMatchObject({ to: 12, faults: [] });
    const logged = gateway.run.log.filter(({ msg }) => msg === "audit").map(({ audit }) => audit);
    expect(logged).toEqual([13, 14]);
  });
});
