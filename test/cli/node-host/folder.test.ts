import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nodeKeys, setKeyAside } from "../../../src/cli/node-host/folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "node-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a key that is set aside is kept with its tokens, and the next start makes another", () => {
  const { identity, tokens } = nodeKeys(folder);
  tokens.store("g node", { token: "t", scopes: [] });
  const aside = setKeyAside(folder) ?? "";
  expect(JSON.parse(readFileSync(aside, "utf8")).deviceId).toBe(identity.deviceId);
  expect(readdirSync(folder)).toHaveLength(2);
  const other = nodeKeys(folder);
  expect(other.identity.deviceId).not.toBe(identity.deviceId);
  expect(other.tokens.load("g node")).toBeNull();
  // Once more loses neither.
  setKeyAside(folder);
  expect(JSON.parse(readFileSync(aside, "utf8")).deviceId).toBe(identity.deviceId);
});

test("where there is no key there is nothing to set aside", () => {
  expect(setKeyAside(folder)).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});
