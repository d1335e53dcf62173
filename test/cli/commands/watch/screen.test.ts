import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { screenLines } from "../../../../src/cli/commands/watch/screen.ts";
import { styleOf } from "../../../../src/cli/kit/style.ts";
import { textWidth } from "../../../../src/lib/width.ts";
import { asking, NOW, Watch } from "./support.ts";

const A = asking("AAAA-0001");
const B = asking("BBBB-0002", { displayName: "手机 of Chen", approvedRoles: ["operator"] });
const N = asking("NNNN-0003", { nodeId: "ef".repeat(32), commands: ["system.run"], ts: NOW });

const used = (watch: Watch) => watch.screen.map((line) => line.trimEnd()).filter(Boolean);

describe("the list", () => {
  test("fits 80 columns", () => {
    const watch = new Watch().list(A, B, N).keys("down");
    expect(watch.screen).toHaveLength(24);
    expect(used(watch)).toEqual([
      "Waiting for approval (3)",
      "  CODE       DEVICE                     KIND                              ASKED",
      "  AAAA-0001  “Phone A”                  Android app, Android 16           2 min",
      "> BBBB-0002  “手机 of Chen”             asks for more: Android app, And…  2 min",
      "  NNNN-0003  “Phone N”                  node: 1 command                   now",
      "Up/Down: choose   Enter: look at it   q: quit",
    ]);
  });

  test("fits 40 columns and 10 lines, and tells which part of it is shown", () => {
    const rows = Array.from({ length: 9 }, (_, i) => asking(`${"ABCDEFGHI"[i]}AAA-0001`));
    const watch = new Watch(40, 10).list(...rows).keys("end");
    expect(watch.screen).toHaveLength(10);
    expect(used(watch)).toEqual([
      "Waiting for approval (9, 4 to 9)",
      "  CODE       DEVICE               ASKED",
      "  DAAA-0001  “Phone D”            2 min",
      "  EAAA-0001  “Phone E”            2 min",
      "  FAAA-0001  “Phone F”            2 min",
      "  GAAA-0001  “Phone G”            2 min",
      "  HAAA-0001  “Phone H”            2 min",
      "> IAAA-0001  “Phone I”            2 min",
      "Up/Down  Enter: look  q: quit",
    ]);
  });

  test("says that nobody waits, and that the gateway is away", () => {
    const watch = new Watch(60, 8).list();
    expect(used(watch).slice(0, 2)).toEqual([
      "Nobody waits for approval",
      "Whoever asks shows here at once.",
    ]);
    watch.on({ on: "news", news: { on: "away" }, at: NOW });
    expect(watch.screen[0]).toBe(`${"Nobody waits for approval".padEnd(39)}  the gateway is away`);
  });
});

describe("a request", () => {
  test("fills the screen, with what the keys do", () => {
    const watch = new Watch(80, 16).list(A).open({ ...A, gatewayFingerprint: "acid-army" });
    expect(used(watch)).toEqual([
      "Let AAAA-0001 in?",
      "Code      AAAA-0001",
      "Device    “Phone A”",
      "Kind      Android app, Android 16",
      "From      203.0.113.7",
      "Asks for  operator: see chats and devices",
      "Key       rail-rail-rail-rail-rail-rail-rail-rail",
      "Gateway   acid-army",
      "Asked     2 minutes ago",
      "Expires   in 28 minutes",
      "a: approve   r: reject   Up/Down: read on   Esc: back   q: quit",
    ]);
  });

  test.each([
    [84, "a: approve   w: without nodes   r: reject   Up/Down: read on   Esc: back   q: quit"],
    [83, "a approve w without nodes r reject Esc"],
    [40, "a approve w without nodes r reject Esc"],
  ])(
    "says with %i columns that the right to run commands on nodes can be left out",
    (columns, help) => {
      const row = {
        ...A,
        scopes: ["operator.nodes", "operator.write"],
        offered: ["operator.nodes"],
      };
      const watch = new Watch(columns, 24).list(row).open(row);
      expect(used(watch).at(-1)).toBe(help);
      expect(watch.screen.join(" ").replace(/\s+/g, " ")).toContain("(may be left out)");
    },
  );

  test("that does not fit says how much is below", () => {
    const watch = new Watch(40, 8).list(A).open(A);
    expect(watch.screen[0]).toBe(`${"Let AAAA-0001 in?".padEnd(27)}5 lines below`);
    expect(watch.screen.at(-1)).toBe("Down: read on  r reject  Esc back");
    expect(watch.keys("down").screen[0]).toMatch(/ 4 lines below$/);
    expect(watch.keys("end").screen[0]).toBe("Let AAAA-0001 in?");
    expect(watch.screen.at(-1)).toBe("a approve  r reject  Esc back  q quit");
  });

  test.each([
    [80, 24],
    [40, 12],
  ])("for more says on %i columns what changes, and the keys stay", (columns, rows) => {
    const more = {
      ...A,
      displayName: "P".repeat(64),
      scopes: ["operator.write"],
      approvedRoles: ["operator"],
      approvedScopes: ["operator.read"],
    };
    const watch = new Watch(columns, rows).list(more).open(more);
    expect(watch.screen).toHaveLength(rows);
    expect(watch.screen[0]).toMatch(/^Let AAAA-0001 do more\?/);
    expect(watch.screen.at(-1)).toMatch(columns < 60 ? /^Down: read on/ : /^a: approve/);
    const all = [watch.screen.join("\n"), watch.keys("end").screen.join("\n")].join("\n");
    expect(all).toMatch(/^Device +“P+/m);
    expect(all).toMatch(/^Has now +operator: see chats/m);
    expect(all).toMatch(/^Would have +operator: see chats[\s\S]+send/m);
    expect(all).toMatch(/^New +operator: send messages/m);
    expect(watch.screen.at(-1)).toMatch(/^a:? approve/);
  });

  test.each([
    ["is on its way", (watch: Watch) => watch.keys("enter"), "Let AAAA-0001 in?"],
    ["is being approved", (watch: Watch) => watch.open(A).keys("a"), "Approving AAAA-0001 …"],
    ["is being rejected", (watch: Watch) => watch.open(A).keys("r"), "Rejecting AAAA-0001 …"],
    [
      "is gone",
      (watch: Watch) => watch.open(A).resolved("AAAA-0001", "expired"),
      "AAAA-0001 expired",
    ],
  ])("that %s says so", (_title, act, title) => {
    expect(act(new Watch().list(A)).screen[0]).toBe(title);
  });
});

test("with colour the choice is inverted over the whole line; without it nothing is coloured", () => {
  const { state } = new Watch(40, 10).list(A, B);
  const painted = screenLines(state, { ...styleOf({ colour: true }), now: NOW });
  expect(painted[2]).toBe(`\u001b[7m> AAAA-0001  “Phone A”            2 min \u001b[0m`);
  expect(new Watch(40, 10).list(A, B).screen.join("")).not.toContain("\u001b");
});

test("on every terminal, with every text, the screen fits and nothing acts on the terminal", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 80 }),
    fc.constantFrom("\u001b[2J\u0007", "手机".repeat(30), "a\r\nb", "\u202eevil"),
  );
  const rows = fc.array(
    fc.record({
      displayName: text,
      platform: text,
      clientId: text,
      remoteIp: text,
      requestId: text,
    }),
    { minLength: 1, maxLength: 8 },
  );
  const keys = fc.array(fc.constantFrom("down", "up", "enter", "escape", "a", "page-down"));
  fc.assert(
    fc.property(
      rows,
      keys,
      fc.integer({ min: 20, max: 200 }),
      fc.integer({ min: 4, max: 60 }),
      (given, pressed, columns, height) => {
        const watch = new Watch(columns, height);
        const all = given.map((more, i) => asking(`AAAA-000${i}`, { ...more, ts: NOW - i }));
        watch.list(...all).keys(...pressed);
        const { card } = watch.state;
        if (card) {
          const row = all.find(({ requestId }) => requestId === card.code) ?? A;
          watch.on({ on: "shown", code: card.code, row, at: watch.now });
        }
        watch.on({ on: "failed", code: "x", what: "show", message: given[0]?.displayName ?? "" });
        expect(watch.screen).toHaveLength(height);
        for (const line of watch.screen) {
          expect(line).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
          expect(textWidth(line)).toBeLessThanOrEqual(columns);
        }
      },
    ),
  );
});
