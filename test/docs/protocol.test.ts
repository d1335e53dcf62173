import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { ProtocolSchemas } from "@openclaw/gateway-protocol/schema";
import { describe, expect, test } from "vitest";
import { amountWords } from "../../scripts/docs/amounts.ts";
import { samples } from "../../scripts/docs/errors.ts";
import { version as sourceVersion } from "../../src/lib/version.ts";
import type { Limit } from "../../src/limits/limit.ts";
import { limitTable } from "../../src/limits/table.ts";
import { allMethods } from "../../src/methods/index.ts";
import { closes } from "../../src/protocol/close.ts";
import { eventNames } from "../../src/protocol/events.ts";
import { type JsonSchema, openSchema } from "../../src/protocol/json-schema.ts";
import { validator } from "../../src/protocol/schemas.ts";
import { wireSchemas } from "../../src/protocol/wire-schemas.ts";
import type { Frame } from "../kit/client.ts";
import { startTestGateway, TEST_TOKEN } from "../kit/gateway.ts";
import { blocksOf, laidOut, shortened, withBlocks } from "./examples/blocks.ts";
import { conversation } from "./examples/conversation.ts";

const file = new URL("../../docs/protocol.md", import.meta.url);
/** What is left out of the longest examples. */
const LONG = [
  "payload.features.methods",
  "payload.features.events",
  "payload.snapshot.health",
  "payload.snapshot.sessionDefaults",
];

const { version: builtVersion } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
);
const said = await conversation();
const texts = new Map([...said].map(([name, value]) => [name, blockOf(value)]));
const page = pageWith(texts);

/** With the version that a build says, where the sources have none. */
function blockOf(value: Frame): string {
  if (typeof value === "string") return value;
  return laidOut(shortened(value, LONG)).replaceAll(sourceVersion, builtVersion);
}

/** The page; with `UPDATE=1` its examples are written anew. */
function pageWith(examples: ReadonlyMap<string, string>): string {
  const text = readFileSync(file, "utf8");
  if (process.env["UPDATE"] !== "1") return text;
  writeFileSync(file, withBlocks(text, examples));
  return readFileSync(file, "utf8");
}

test("every example is what a gateway and its clients said", () => {
  const update =
    "UPDATE=1 npx vitest run --config test/vitest.config.ts test/docs/protocol.test.ts";
  expect(blocksOf(page), `run: ${update}`).toEqual(texts);
});

describe("the frames of the examples fit the protocol's own schemas", () => {
  /** Frames as they are; payloads and params with what this gateway says besides. */
  const exactly = (name: string, value: unknown) => problem(schemaOf(name), value);
  const openly = (name: string, value: unknown) => problem(openSchema(schemaOf(name)), value);
  const frames = [...said].filter(([, value]) => typeof value === "object" && "type" in value);

  test.each(frames)("%s", (_name, frame) => {
    const kinds: Record<string, string> = {
      req: "RequestFrame",
      res: "ResponseFrame",
      event: "EventFrame",
    };
    expect(exactly(kinds[frame.type] ?? "", frame)).toBeUndefined();
  });

  test.each([
    ["connect", "ConnectParams", "params"],
    ["ask", "ConnectParams", "params"],
    ["node", "ConnectParams", "params"],
    ["invoke", "NodeInvokeParams", "params"],
    ["invoke-request", "NodeInvokeRequestEvent", "payload"],
    ["invoke-result", "NodeInvokeResultParams", "params"],
  ])("the inside of %s is a %s", (name, schema, part) => {
    expect(exactly(schema, said.get(name)[part])).toBeUndefined();
  });

  test.each([
    ["hello-ok", "HelloOk"],
    ["event", "TickEvent"],
    ["rejected", "DevicePairResolvedEvent"],
  ])("the payload of %s is a %s", (name, schema) => {
    expect(openly(schema, said.get(name).payload)).toBeUndefined();
  });

  test("this gateway takes the connects", () => {
    for (const name of ["ask", "connect", "node"]) {
      expect(problem(wireSchemas.connect, said.get(name).params)).toBeUndefined();
    }
  });
});

function schemaOf(name: string): JsonSchema {
  const schema = (ProtocolSchemas as unknown as Record<string, JsonSchema>)[name];
  if (!schema) throw new Error(`no schema is named ${name}`);
  return schema;
}

function problem(schema: JsonSchema, value: unknown): string | undefined {
  return validator(schema)(value);
}

/** As a reader would do it, with nothing but the page. */
describe("the signature on the page", () => {
  const blocks = blocksOf(page);
  const { device } = JSON.parse(blocks.get("connect") ?? "").params;
  const raw = Buffer.from(device.publicKey, "base64url");
  const publicKey = createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: device.publicKey },
    format: "jwk",
  });
  const holds = (text: string | undefined, signature: string | undefined) =>
    verify(null, Buffer.from(text ?? ""), publicKey, Buffer.from(signature ?? "", "base64url"));

  test("verifies over the text on the page, and over no other", () => {
    expect(holds(blocks.get("signed-3"), device.signature)).toBe(true);
    expect(holds(blocks.get("signed-2"), blocks.get("signature-2"))).toBe(true);
    expect(holds(`${blocks.get("signed-3")} `, device.signature)).toBe(false);
  });

  test("is of the device and the challenge on the page", () => {
    expect(createHash("sha256").update(raw).digest("hex")).toBe(device.id);
    const challenge = JSON.parse(blocks.get("challenge") ?? "").payload;
    expect(device).toMatchObject({ nonce: challenge.nonce, signedAt: challenge.ts });
    expect(blocks.get("signed-3")?.split("|")).toHaveLength(11);
    expect(blocks.get("signed-2")?.split("|")).toHaveLength(9);
  });
});

describe("what the prose names is as it says", () => {
  const prose = page.replace(/^```[\s\S]*?^```$/gm, "");

  test("limits, with their numbers", () => {
    const named = [...prose.matchAll(/`(\w+)` \((\d[^)]*)\)/g)];
    expect(named.length).toBeGreaterThan(15);
    const table: Readonly<Record<string, Limit>> = limitTable;
    for (const [, name = "", number] of named) {
      const limit = table[name];
      expect([name, limit && amountWords(name, limit)]).toEqual([name, number]);
    }
  });

  test("closes, with their reasons", () => {
    const refusals = Object.values(samples).flatMap((all) => all.map(({ close }) => close));
    const known = [...Object.values(closes), ...refusals].map((c) => `${c.code} ${c.reason}`);
    const named = [...prose.matchAll(/`((?:1\d{3}|4001) [^`]+)`/g)].map(([, close]) => close);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((close) => !known.includes(close ?? ""))).toEqual([]);
    const codes = [...page.matchAll(/^\| (1\d{3}|4\d{3}) \|/gm)].map(([, code]) => Number(code));
    // No end sends 1006: it is what a client sees where no close came.
    const sent = new Set([1006, ...known.map((close) => Number.parseInt(close, 10))]);
    expect(codes).toEqual([...sent].sort());
  });

  test("methods and events", () => {
    const known = [...allMethods.map(({ name }) => name), ...eventNames];
    const named = [...prose.matchAll(/`((?:node|device|host)\.[\w.]+)`/g)].map(
      ([, name = ""]) => name,
    );
    // Properties of `device`, which a connect has.
    const parts = ["publicKey", "id", "signature", "signedAt", "nonce"].map((p) => `device.${p}`);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !known.includes(name) && !parts.includes(name))).toEqual([]);
  });

  test("addresses in HTTP, with their status", async () => {
    const gateway = await startTestGateway();
    const base = gateway.url.replace("ws:", "http:");
    const headers = { authorization: `Bearer ${TEST_TOKEN}` };
    const rows = [...page.matchAll(/^\| (`\/.*`) \| (\d{3}) \| (\d{3}) \|/gm)];
    expect(rows.length).toBeGreaterThan(7);
    for (const [, cell = "", without, with_] of rows) {
      for (const [, path = ""] of cell.matchAll(/`([^`]+)`/g)) {
        const bare = await fetch(base + path);
        const known = await fetch(base + path, { headers });
        expect([path, bare.status, known.status]).toEqual([path, Number(without), Number(with_)]);
      }
    }
    await gateway.close();
  });
});

test("a block is found by its name, and is laid out within its width", () => {
  const text = "a\n<!-- example: one -->\n```json\nold\n```\nb\n```\nnone\n```\n";
  expect([...blocksOf(text)]).toEqual([["one", "old"]]);
  expect(withBlocks(text, new Map([["one", "new $&"]]))).toBe(text.replace("old", () => "new $&"));
  expect(() => blocksOf(text + text)).toThrow("two examples are called one");
  expect(laidOut({ a: [1, { b: {} }], c: "d" })).toBe('{ "a": [1, { "b": {} }], "c": "d" }');
  const long = laidOut({ a: "x".repeat(60), b: ["y".repeat(40)] });
  expect(long).toBe(`{\n  "a": "${"x".repeat(60)}",\n  "b": ["${"y".repeat(40)}"]\n}`);
  expect(shortened({ a: { b: [1, 2], c: { d: 1, e: 2 } } }, ["a.b", "a.c"])).toEqual({
    a: { b: [1, "…"], c: { d: 1, "…": "…" } },
  });
});
