import { describe, expect, test } from "vitest";
import { oldLibrary } from "../../../../src/cli/commands/gateway/load.ts";
import { explainFailure } from "../../../../src/cli/kit/failures.ts";
import { loadsServer, ownGlibc } from "../../../../src/host/node-support.ts";

/** As uWebSockets.js says it: without a code, whatever went wrong. */
const cause = new Error(
  "This version of uWS.js supports only Node.js versions 16, 18, …\n\nError: libc.so.6: version `GLIBC_2.38' not found",
);

test("a C library too old for this Node.js is named, with what to use instead", () => {
  const failure = explainFailure(oldLibrary({ node: "24.11.0", glibc: "2.36" }, cause));
  expect(failure.message).toMatch(/C library is too old for Node\.js 24\.11\.0/);
  expect(failure.next).toEqual([expect.stringContaining("Node.js 20")]);
  expect(failure).toMatchObject({ exit: "failed", code: "C_LIBRARY_TOO_OLD" });
});

test("any other failure to load is not blamed on the C library", () => {
  expect(oldLibrary({ node: "20.20.2", glibc: "2.36" }, cause)).toBeUndefined();
  expect(oldLibrary({ node: "24.11.0", glibc: "2.41" }, cause)).toBeUndefined();
});

describe("whether the WebSocket server can be loaded", () => {
  test.each([
    ["20.20.2", "2.28", true],
    ["21.7.3", "2.36", true],
    ["22.0.0", "2.36", false],
    ["24.11.0", "2.37", false],
    ["24.11.0", "2.38", true],
    ["25.0.0", "3.0", true],
    ["24.11.0", undefined, true],
  ])("Node.js %s with glibc %s: %s", (node, glibc, loads) => {
    expect(loadsServer(node, glibc)).toBe(loads);
  });
});

test.runIf(process.platform === "linux")("the C library of this process is known", () => {
  // These tests run with what they load: it suits.
  expect(ownGlibc()).toMatch(/^\d+\.\d+$/);
  expect(loadsServer(process.versions.node, ownGlibc())).toBe(true);
});
