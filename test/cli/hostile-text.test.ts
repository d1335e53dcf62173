import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { explainFailure, failureLines } from "../../src/cli/kit/failures.ts";
import { shownLines } from "../../src/cli/kit/words.ts";
import { FakeAdmin, Refuse } from "./support/admin-server.ts";
import { openclaw } from "./support/io.ts";
import { pairedRow, pendingRow } from "./support/rows.ts";

/** Anything that moves a cursor, reorders or hides text. */
const HOSTILE =
  /[^\P{Cc}\n]|\p{Cf}|\p{Cs}|\p{Co}|\p{Zl}|\p{Zp}|\p{Bidi_Control}|\p{Default_Ignorable_Code_Point}/u;

const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom(
        "\u001b[2J\u001b[1;1H",
        "\u001b]0;title\u0007",
        "\u001b]8;;https://evil.example\u001b\\",
        "\u009b31m",
        "\u202eenohp",
        "\u2066x\u2069",
        "\u200b\u200d\ufeff",
        "\r\n  7F3K-Q2MN  Owner",
        "\ud800",
        "\u{e0041}",
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));

describe("text from clients", () => {
  let admin: FakeAdmin;
  beforeEach(async () => {
    admin = await new FakeAdmin().listen();
  });
  afterEach(() => admin.close());

  test("never reaches the terminal as anything but plain text", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (text, id) => {
        const words = {
          displayName: text,
          operatorLabel: id,
          platform: text,
          deviceFamily: text,
          clientId: text,
          program: text,
          browserOrigin: text,
          remoteIp: text,
        };
        const roles = { role: id, roles: [id, text], scopes: [text, "operator.read"] };
        admin.answers = {
          "device.pair.list": () => ({
            pending: [pendingRow({ ...words, ...roles })],
            paired: [pairedRow({ ...words, ...roles })],
          }),
          "host.info": () => ({
            warnings: [text],
            listening: [text],
            connections: {},
            pairing: {},
          }),
        };
        admin.answers["device.pair.show"] = () => ({
          ...pendingRow({ ...words, ...roles, approvedRoles: [id], approvedScopes: [text] }),
          gatewayFingerprint: text,
        });
        const io = admin.io();
        expect(await openclaw("devices list", io)).toBe(0);
        expect(await openclaw("devices show 7F3K-Q2MN", io)).toBe(0);
        expect(await openclaw("gateway status", io)).toBe(0);
        for (const line of [...io.lines, ...io.errors]) expect(line).not.toMatch(HOSTILE);
      }),
      { numRuns: 60 },
    );
  });

  test("a line break in a name makes no row of its own", async () => {
    admin.answers["device.pair.list"] = () => ({
      pending: [pendingRow({ displayName: "x\n  ZZZZ-ZZZZ  Owner" })],
      paired: [],
    });
    const io = admin.io();
    await openclaw("devices list", io);
    expect(io.lines.some((line) => line.startsWith("  ZZZZ"))).toBe(false);
  });

  test("a refusal's message and cure are cleaned as well", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        admin.answers["health"] = () => {
          throw new Refuse({ code: text, message: text, details: { code: text, cure: text } });
        };
        const io = admin.io();
        await openclaw("health", io);
        for (const line of io.errors) expect(line).not.toMatch(HOSTILE);
      }),
      { numRuns: 40 },
    );
  });

  test("so are errors of any kind, with --verbose too", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const error = Object.assign(new Error(text), { next: text, code: text });
        for (const thrown of [error, text, { message: text }, null, { code: text }]) {
          for (const line of failureLines(thrown, true)) expect(line).not.toMatch(HOSTILE);
          expect(explainFailure(thrown).message.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  test("a diff keeps its spaces", () => {
    expect(shownLines('+    "port": 1\n\t"x"\u001b[31m')).toBe('+    "port": 1\n  "x"[31m');
  });
});
