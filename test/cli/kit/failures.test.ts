import { describe, expect, test } from "vitest";
import { CliError, exitCodeHelp, exitCodes } from "../../../src/cli/kit/exit.ts";
import { explainFailure, failureLines } from "../../../src/cli/kit/failures.ts";
import { openclaw } from "../../../src/protocol/command.ts";
import { partsOf, plainText } from "../../../src/protocol/text.ts";

const linesOf = (error: unknown, verbose = false) =>
  failureLines(error, verbose).map((line) => plainText(line));

const coded = (code: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { code, ...more });

describe("what a failure says", () => {
  test.each([
    [
      "pairing",
      coded("NOT_PAIRED", "pairing required: device is not approved yet", {
        details: {
          code: "PAIRING_REQUIRED",
          approveCommand: "openclaw devices approve 7F3K-Q2MN",
        },
      }),
      "credentials",
      "on the gateway host: openclaw devices approve 7F3K-Q2MN",
    ],
    [
      "a wrong token",
      coded("INVALID_REQUEST", "unauthorized: gateway token mismatch", {
        details: { code: "AUTH_TOKEN_MISMATCH", cure: "on the gateway host: openclaw token new" },
      }),
      "credentials",
      "on the gateway host: openclaw token new",
    ],
    [
      "a missing scope",
      coded("FORBIDDEN", "missing scope: operator.admin", { details: { code: "MISSING_SCOPE" } }),
      "credentials",
      "run the command on the gateway's own machine",
    ],
    [
      "an unknown code",
      coded("INVALID_REQUEST", "unknown requestId", {
        details: { code: "UNKNOWN_REQUEST", cure: "openclaw devices list" },
      }),
      "notFound",
      "openclaw devices list",
    ],
    [
      "an unknown device",
      coded("INVALID_REQUEST", "unknown deviceId", {
        details: { code: "UNKNOWN_DEVICE", next: partsOf(openclaw`devices list`) },
      }),
      "notFound",
      "openclaw devices list",
    ],
    [
      "locked state",
      coded("STORE_LOCKED", "/state is in use", { next: "openclaw status" }),
      "state",
      "openclaw status",
    ],
    [
      "a bad value",
      coded("CONFIG_VALUE", "gateway.port: found 99999", { next: "openclaw config set …" }),
      "config",
      "openclaw config set …",
    ],
    ["nobody there", coded("ECONNREFUSED", "connect ECONNREFUSED"), "unreachable", undefined],
    [
      "a busy gateway",
      coded("UNAVAILABLE", "busy", { retryAfterMs: 1500 }),
      "failed",
      "repeat the command in 2 s",
    ],
    [
      "an unknown method",
      coded("INVALID_REQUEST", "unknown method: x", {
        details: { code: "UNKNOWN_METHOD", next: partsOf(openclaw`gateway call --list`) },
      }),
      "failed",
      "openclaw gateway call --list",
    ],
    ["our own", new CliError("usage", "say which", { next: "this" }), "usage", "this"],
    [
      "a defect",
      new TypeError("x is not a function"),
      "failed",
      "run the command again with --verbose and report what it prints",
    ],
  ] as const)("%s", (_name, error, exit, next) => {
    const failure = explainFailure(error);
    expect(failure.exit).toBe(exit);
    expect(failure.next && plainText(failure.next)).toBe(next);
  });

  test.each([
    [{ code: "EACCES", syscall: "open", path: "/x y" }, "/x y: this user may not", "ls -ld '/x y'"],
    [{ code: "ENOSPC", syscall: "write", path: "/x" }, "/x: the disk is full", "df -h"],
    [{ code: "ECONNREFUSED", syscall: "connect" }, "nothing answers there", "openclaw doctor"],
  ])("the system's own words are translated: %j", (facts, message, next) => {
    const error = Object.assign(new Error(`${facts.code}: raw words, ${facts.syscall}`), facts);
    expect(linesOf(error)).toEqual([`openclaw: ${message}`, `  next: ${next}`]);
  });

  test("no stack and no code without --verbose", () => {
    const error = coded("STORE_LOCKED", "/state is in use", { next: "openclaw status" });
    expect(linesOf(error)).toEqual(["openclaw: /state is in use", "  next: openclaw status"]);
    const verbose = linesOf(error, true).join("\n");
    expect(verbose).toContain("code: STORE_LOCKED");
    expect(verbose).toContain("failures.test.ts");
  });
});

describe("exit codes", () => {
  test("every code once, all of them in the help", () => {
    const codes = Object.values(exitCodes).map(({ code }) => code);
    expect(codes).toEqual([0, 1, 2, 3, 4, 5, 6, 78]);
    for (const { code, means } of Object.values(exitCodes)) {
      expect(exitCodeHelp()).toMatch(new RegExp(`^ +${code} +${means}$`, "m"));
    }
  });
});
