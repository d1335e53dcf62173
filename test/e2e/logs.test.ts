import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(() => gateway?.close());

test("openclaw logs --follow shows what happens, through a kill -9 and the next start", async () => {
  const child = spawn(process.execPath, [gateway.program, "logs", "--follow", "--json"], {
    env: gateway.env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const lines = () => text.split("\n").filter((line) => line !== "");
  const ready = () => lines().filter((line) => JSON.parse(line).message === "gateway ready");
  try {
    await until(() => ready().length === 1, "the first start");
    await gateway.kill();
    await gateway.start();
    await until(() => ready().length === 2, "the second start");
    const pids = ready().map((line) => JSON.parse(line).pid);
    expect(pids).toEqual(gateway.runs.map(({ pid }) => pid));
  } finally {
    child.kill();
  }
});

test("openclaw logs --follow shows all that the log's file has, over rotations, a kill and a start that fails", async () => {
  const own = await GatewayProcess.prepare();
  const [file, config] = [join(own.stateDir, "own.log"), join(own.stateDir, "openclaw.json")];
  const configure = (more: object) =>
    writeFile(config, JSON.stringify({ logging: { file }, ...more }));
  await configure({});
  own.launch();
  await until(async () => (await own.cli(["health"])).code === 0, "the first start");
  const child = spawn(process.execPath, [own.program, "logs", "--follow", "--json"], {
    env: own.env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const shown = () =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  const times = (message: string) => shown().filter((line) => line.message === message).length;
  try {
    await until(() => times("gateway ready") === 1, "the first lines");
    await own.stop();
    await rename(file, `${file}.1`);
    await configure({ gateway: { bind: "all" } });
    expect(await own.launch().end()).toBe(78);
    await rename(`${file}.1`, `${file}.2`);
    await rename(file, `${file}.1`);
    await until(() => shown().some(({ level }) => level === "fatal"), "why the start failed");
    await configure({});
    own.launch();
    await until(() => times("gateway ready") === 2, "the start after it");
    await own.kill();
    own.launch();
    await until(() => times("gateway ready") === 3, "the last start");
    const kept = [`${file}.2`, `${file}.1`, file]
      .map((path) => readFileSync(path, "utf8"))
      .join("");
    const written = kept
      .split("\n")
      .filter((line) => line !== "" && !line.includes('"audit":'))
      .map((line) => JSON.parse(line))
      .map(({ time, msg }) => [time, msg]);
    const seen = shown().map(({ time, message }) => [time, message]);
    // Both go on meanwhile: to the end of what was shown.
    expect(seen).toEqual(written.slice(0, seen.length));
    expect(shown().find(({ level }) => level === "fatal")).toMatchObject({
      code: "CONFIG_VALUE",
      next: expect.stringMatching(/^openclaw config /),
    });
  } finally {
    child.kill();
    await own.close();
  }
});

test("the log and the nodes of a gateway elsewhere, with the scopes they need and no more", async () => {
  const remote = (...args: string[]) => {
    const words = ["--url", gateway.url, "--token", "-", ...args];
    return gateway.cli(words, { input: PROCESS_TOKEN });
  };
  const asked = await remote("logs");
  expect(asked.code).toBe(4);
  const { pending } = await gateway.json<{ pending: { requestId: string; scopes: string[] }[] }>([
    "devices",
    "list",
  ]);
  expect(pending[0]?.scopes).toEqual(["operator.read"]);
  await gateway.ok(["devices", "approve", pending[0]?.requestId ?? ""]);
  const read = await remote("logs", "--limit", "5");
  expect(read.stdout).toContain("gateway ready");
  expect(read.stderr).toContain("From the gateway:");
  expect((await remote("nodes", "status")).stdout).toBe("0 nodes, 0 connected\n");
  const more = await remote("nodes", "list");
  expect(more.code).toBe(4);
  expect(more.stderr).toContain("on the gateway host: openclaw devices approve ");
});
