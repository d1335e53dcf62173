import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { AuditLine } from "../../src/audit/chain.ts";
import { GatewayProcess } from "../kit/process.ts";
import { until } from "../kit/until.ts";

/** The log's copy of the audit, which stands against whoever may write the files (docs/audit.md). */

let gateway: GatewayProcess;
afterEach(() => gateway?.close());

async function withLevel(level: string): Promise<GatewayProcess> {
  const prepared = await GatewayProcess.prepare();
  const config = JSON.stringify({ logging: { level } });
  await writeFile(join(prepared.stateDir, "openclaw.json"), config, { mode: 0o600 });
  return prepared;
}

const copies = () =>
  gateway.runs
    .flatMap(({ log }) => log)
    .filter(({ msg }) => msg === "audit")
    .map(({ audit, hash }) => ({ seq: audit, hash }));

async function linesOf(): Promise<{ seq: number; hash: string }[]> {
  const text = await gateway.ok(["audit", "--json"]);
  const lines = text.trim().split("\n");
  return lines.map((line) => JSON.parse(line) as AuditLine).map(({ seq, hash }) => ({ seq, hash }));
}

test.each(["error", "fatal"])(
  "each line is in the log at level %s, also after that is changed",
  async (level) => {
    gateway = await withLevel(level);
    const run = gateway.launch();
    await until(
      () => gateway.cli(["status"]).then(({ code }) => code === 0),
      "a gateway that answers",
    );
    await gateway.ok(["token", "new"]);
    await gateway.ok(["config", "set", "logging.level", "warn"]);
    await gateway.ok(["config", "set", "gateway.name", "home"]);
    await gateway.ok(["devices", "invite"]);
    const lines = await linesOf();
    expect(lines.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(await gateway.stop()).toBe(0);
    expect(copies()).toEqual(lines);
    // Nothing else of that level is said because of it.
    expect(run.log.filter(({ msg, level }) => msg !== "audit" && level < 40)).toEqual([]);
  },
);

test("what is decided while no gateway runs is in the log of the next one", async () => {
  gateway = await withLevel("error");
  await gateway.ok(["config", "set", "gateway.name", "home"]);
  await gateway.ok(["token", "new"]);
  const before = await linesOf();
  expect(before.map(({ seq }) => seq)).toEqual([1, 2]);
  expect(JSON.parse(await gateway.ok(["audit", "verify", "--json"]))).toMatchObject({ faults: [] });
  gateway.launch();
  await until(() => copies().length === 2, "the copies");
  expect(copies()).toEqual(before);
  const verdict = await gateway.json<object>(["audit", "verify"]);
  expect(verdict).toMatchObject({ lines: 2, to: 2, faults: [] });
});
