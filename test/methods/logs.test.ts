import { ProtocolSchemas } from "@openclaw/gateway-protocol/schema";
import { afterEach, expect, test } from "vitest";
import { logLimitTable } from "../../src/limits/log.ts";
import type { JsonSchema } from "../../src/protocol/json-schema.ts";
import { validator } from "../../src/protocol/schemas.ts";
import { type Frame, makeDevice, pairAndConnect, RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";

let gateway: GatewayProcess;
afterEach(() => gateway?.close());

interface Answer {
  file: string;
  cursor: number;
  size: number;
  lines: string[];
  truncated: boolean;
  reset: boolean;
}

async function tail(params: object = {}): Promise<Answer> {
  const { code, stdout, stderr } = await gateway.cli([
    "gateway",
    "call",
    "logs.tail",
    "--params",
    JSON.stringify(params),
    "--json",
  ]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const words = ({ lines }: Answer) => lines.map((line): string => JSON.parse(line).message);

test("the log can be read from the gateway and followed over a restart, without a secret in it", async () => {
  gateway = await GatewayProcess.start({ token: PROCESS_TOKEN });
  const first = await tail();
  expect(validator(ProtocolSchemas.LogsTailResult as unknown as JsonSchema)(first)).toBeUndefined();
  expect(words(first)).toContain("gateway ready");
  const hostile = `evil\u202e\u001b[31m${"z".repeat(200)}`;
  const client = await RawClient.open(gateway.url);
  const device = makeDevice();
  const refused: Frame = await client.connect({
    device,
    auth: { token: PROCESS_TOKEN },
    client: { id: "test", version: "1", platform: "linux", mode: "test", displayName: hostile },
  });
  const { requestId } = refused.error.details;
  const next = await tail({ cursor: first.cursor });
  expect(next.reset).toBe(false);
  expect(words(next).some((text) => text.includes(requestId))).toBe(true);
  await gateway.cli(["gateway", "restart"]);
  const after = await until(async () => {
    const found = await tail({ cursor: next.cursor }).catch(() => undefined);
    return found && words(found).includes("gateway ready") ? found : undefined;
  }, "the lines of the restart");
  expect(after.reset).toBe(false);
  const text = [...first.lines, ...next.lines, ...after.lines].join("\n");
  for (const secret of [PROCESS_TOKEN, "\\u202e", "\u202e", "\\u001b"]) {
    expect(text).not.toContain(secret);
  }
  await gateway.stop();
  await gateway.start();
  expect(await tail({ cursor: after.cursor })).toMatchObject({ reset: true });
});

test.each([
  ["logTailLines", { limit: logLimitTable.logTailLines.value + 1 }],
  ["logTailBytes", { maxBytes: logLimitTable.logTailBytes.value + 1 }],
  ["the start of the log", { cursor: -1 }],
])("%s: what goes past it is refused", async (_name, params) => {
  gateway = await GatewayProcess.start({ token: PROCESS_TOKEN });
  const answer = await gateway.cli([
    "gateway",
    "call",
    "logs.tail",
    "--params",
    JSON.stringify(params),
  ]);
  expect(answer.code).not.toBe(0);
  expect(answer.stderr).toContain("invalid logs.tail params");
});

test("whoever may not read is refused", async () => {
  gateway = await GatewayProcess.start({ token: PROCESS_TOKEN });
  const options = {
    device: makeDevice(),
    auth: { token: PROCESS_TOKEN },
    scopes: ["operator.pairing"],
  };
  const host = async (_method: string, params?: unknown) =>
    gateway.cli([
      "devices",
      "approve",
      String((params as { requestId: string }).requestId),
      "--yes",
    ]);
  const { client } = await pairAndConnect({ url: gateway.url, host }, options);
  const { error } = await client.request("logs.tail", {});
  expect(error).toMatchObject({ code: "FORBIDDEN", message: "missing scope: operator.read" });
});
