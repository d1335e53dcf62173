import { ProtocolSchemas } from "@openclaw/gateway-protocol/schema";
import { expect } from "vitest";
import { APPROVALS, QUESTIONS, READ, TALK_SECRETS, WRITE } from "../../src/protocol/access.ts";
import type { JsonSchema } from "../../src/protocol/json-schema.ts";
import { validator } from "../../src/protocol/schemas.ts";
import { decodeSetupCode } from "../../src/protocol/setup-code.ts";
import type { ConnectOptions, Frame } from "../kit/client.ts";
import type { TestGateway } from "../kit/gateway.ts";

export const ADMIN = "operator.admin";
export const LIMITED = [QUESTIONS, READ, TALK_SECRETS, WRITE];
export const FULL = [ADMIN, APPROVALS, ...LIMITED];
export const publicUrl = "https://gateway.example.com";

/** The protocol's own schemas, closed as they are. */
export const fits = (name: keyof typeof ProtocolSchemas, value: unknown) =>
  expect(validator(ProtocolSchemas[name] as unknown as JsonSchema)(value)).toBeUndefined();

/** A phone as OpenClaw's apps connect: first as a node, in a mode that differs by role. */
export const phone = { id: "openclaw-ios", platform: "iOS 19.0", deviceFamily: "iPhone" };
export const asNode = (more: ConnectOptions): ConnectOptions => ({
  role: "node",
  client: { ...phone, mode: "node", displayName: "Anna's phone" },
  ...more,
});
export const asOperator = (more: ConnectOptions): ConnectOptions => ({
  client: { ...phone, mode: "ui", displayName: "Anna's phone" },
  scopes: FULL,
  ...more,
});

/** A setup code, made by the owner, with what it holds and how a device shows it. */
export async function makeSetup(
  gateway: TestGateway,
  params: Record<string, unknown> = {},
): Promise<Frame> {
  const made = await gateway.host<Frame>("device.pair.setupCode", { publicUrl, ...params });
  const payload = decodeSetupCode(made.setupCode);
  if (!payload) throw new Error(`no setup code: ${made.setupCode}`);
  return { ...made, payload, auth: { bootstrapToken: payload.bootstrapToken } };
}
