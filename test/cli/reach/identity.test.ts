import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadIdentity, TokenFile } from "../../../src/cli/reach/identity.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "openclaw-identity-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const mode = (name: string) => statSync(join(folder, name)).mode & 0o777;

test("a key is made once, for its owner's eyes only", () => {
  const first = loadIdentity(folder, "identity.json");
  expect(mode("identity.json")).toBe(0o600);
  expect(loadIdentity(folder, "identity.json")).toEqual(first);
  expect(loadIdentity(folder).deviceId).not.toBe(first.deviceId);
  expect(readdirSync(folder).sort()).toEqual(["cli-identity.json", "identity.json"]);
});

test("a key that a copy left readable is closed again", () => {
  const { deviceId } = loadIdentity(folder, "identity.json");
  chmodSync(join(folder, "identity.json"), 0o644);
  expect(loadIdentity(folder, "identity.json").deviceId).toBe(deviceId);
  expect(mode("identity.json")).toBe(0o600);
});

test("a damaged key is named with the way out, and never replaced unasked", () => {
  writeFileSync(join(folder, "identity.json"), '{"privateKeyPem":"no key"}');
  expect(() => loadIdentity(folder, "identity.json")).toThrow("holds no usable key");
  writeFileSync(join(folder, "identity.json"), "{torn");
  expect(() => loadIdentity(folder, "identity.json")).toThrow("can't be read");
});

test("tokens are kept by gateway, and a cleared one is gone", () => {
  const tokens = new TokenFile(folder, "tokens.json");
  tokens.store("wss://a/ node", { token: "one", scopes: [] });
  tokens.store("wss://b/ node", { token: "two", scopes: [] });
  tokens.clear("wss://a/ node");
  expect(new TokenFile(folder, "tokens.json").load("wss://a/ node")).toBeNull();
  expect(tokens.load("wss://b/ node")?.token).toBe("two");
  expect(mode("tokens.json")).toBe(0o600);
});
