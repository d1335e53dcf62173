import { spawn } from "node:child_process";
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
