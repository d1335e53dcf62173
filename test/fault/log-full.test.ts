import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { readiness } from "./support/owner.ts";

let gateway: GatewayProcess;
afterEach(() => gateway?.close());

test("logBufferBytes: a log on a full disk costs lines, not the gateway", async () => {
  gateway = await GatewayProcess.prepare();
  // A device that is always full, whatever the rights of whoever writes.
  const config = { logging: { file: "/dev/full", level: "debug" } };
  await writeFile(join(gateway.stateDir, "openclaw.json"), JSON.stringify(config), { mode: 0o600 });
  const run = gateway.launch({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
  // The command line is answered before anybody is let in.
  const up = () =>
    readiness(gateway).then(
      ({ status }) => status === 200,
      () => false,
    );
  await until(up, "the gateway to be ready");
  for (let i = 0; i < 30; i += 1) {
    const client = await RawClient.open(gateway.url);
    const refused = await client.connect({ device: makeDevice() });
    expect(refused.error.details.code).toBe("AUTH_TOKEN_MISSING");
    expect((await client.end()).code).toBe(1008);
  }
  expect(run.exited).toBeUndefined();
  // Said once, where somebody may still read it.
  expect(
    run.output.match(/the log can't be written to \/dev\/full: the disk is full/g),
  ).toHaveLength(1);
  expect(await gateway.stop()).toBe(0);
});

test("a log that can't be opened is told in words, and ends no start or stop with a stack trace", async () => {
  gateway = await GatewayProcess.prepare();
  const config = { logging: { file: join(gateway.stateDir, "nowhere", "x.log") } };
  await writeFile(join(gateway.stateDir, "openclaw.json"), JSON.stringify(config), { mode: 0o600 });
  const run = gateway.launch({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
  await until(async () => (await gateway.cli(["status"])).code === 0, "the gateway's status");
  // Further lines are lost as the first one is: the gateway goes on.
  await gateway.ok(["devices", "invite"]);
  await gateway.ok(["token", "new"]);
  expect((await gateway.cli(["status"])).code).toBe(0);
  expect(await gateway.stop()).toBe(0);
  expect(run.output).toMatch(/^the log can't be written to \S+: there is no such file\n$/);
});

test("a log that was moved away is opened anew at SIGHUP", async () => {
  gateway = await GatewayProcess.prepare();
  const file = join(gateway.stateDir, "gateway.log");
  await writeFile(join(gateway.stateDir, "openclaw.json"), JSON.stringify({ logging: { file } }), {
    mode: 0o600,
  });
  const run = gateway.launch({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
  const says = (path: string, words: string) =>
    readFile(path, "utf8").then(
      (text) => text.includes(words),
      () => false,
    );
  await until(() => says(file, "gateway ready"), "a line in the file");
  await rename(file, `${file}.old`);
  run.signal("SIGHUP");
  await until(() => says(file, "SIGHUP"), "a line in the new file");
  expect(await says(`${file}.old`, "SIGHUP")).toBe(false);
  expect(await gateway.stop()).toBe(0);
});
