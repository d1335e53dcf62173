import { afterEach, beforeEach, expect, test } from "vitest";
import { readAllowFile } from "../../../src/cli/node-host/allow-file.ts";
import { declaredCommands, runCommand } from "../../../src/cli/node-host/commands.ts";
import { hostStats } from "../../../src/cli/node-host/stats.ts";
import { nodeHostLimitTable } from "../../../src/limits/node-host.ts";
import { Machine } from "./support.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.close());

const run = (name: string, params: Record<string, unknown>) =>
  runCommand(name, machine.call(params), machine.facts);

test("system.run is declared only while there is an allow-list", () => {
  const declared = () => declaredCommands(readAllowFile(machine.allowPath));
  expect(declared()).toEqual(["system.notify", "system.which"]);
  machine.allow("df -h");
  expect(declared()).toEqual(["system.notify", "system.run", "system.which"]);
});

test("system.which finds programs by name alone", async () => {
  const bins = ["sh", "no-such-program-here", "/bin/sh", "../bin/sh", "", "a\0b"];
  const { bins: found } = (await run("system.which", { bins })) as { bins: object };
  expect(Object.keys(found)).toEqual(["sh"]);
});

test("system.which takes no more than hostWhichNames names", async () => {
  const most = nodeHostLimitTable.hostWhichNames.value;
  const names = (count: number) => ({ bins: Array.from({ length: count }, () => "sh") });
  await expect(run("system.which", names(most))).resolves.toBeDefined();
  for (const params of [names(most + 1), {}, { bins: "sh" }, { bins: [1] }]) {
    await expect(run("system.which", params)).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  }
});

test("a notification is logged clean, and said to be shown only where it was", async () => {
  const shown = await run("system.notify", {
    title: "Backup\u001b[2J",
    body: "<b>done</b>\nnext line",
  }).then(
    () => "shown",
    (error) => error.code,
  );
  expect(["shown", "UNAVAILABLE"]).toContain(shown);
  expect(machine.log).toEqual(["notification: Backup[2J: <b>done</b> next line"]);
  await expect(run("system.notify", {})).rejects.toMatchObject({ code: "INVALID_REQUEST" });
});

test("unknown commands are refused, also by names every object has", async () => {
  for (const name of ["system.nothing", "constructor", "__proto__", "toString"]) {
    await expect(run(name, {})).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  }
});

test("figures keep to what the protocol expects of them", () => {
  const stats = hostStats() as Record<string, number>;
  const { cpuCount = 0, memoryFreeBytes = 0, memoryTotalBytes = 0 } = stats;
  expect(cpuCount).toBeGreaterThanOrEqual(1);
  expect(memoryFreeBytes).toBeLessThanOrEqual(memoryTotalBytes);
  expect(stats["diskAvailableBytes"]).toBeLessThanOrEqual(stats["diskTotalBytes"] ?? -1);
  for (const value of Object.values(stats).flat()) expect(Number.isFinite(value)).toBe(true);
});
