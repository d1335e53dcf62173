import { describe, expect, test } from "vitest";
import type { Card, State } from "../../../../src/cli/commands/watch/state.ts";
import { watchLimitTable } from "../../../../src/limits/watch.ts";
import { asking, NOW, Watch } from "./support.ts";

const A = asking("AAAA-0001");
const B = asking("BBBB-0002");
const C = asking("CCCC-0003");
const three = () => new Watch().list(A, B, C);
const chosen = ({ state }: Watch) => state.chosen?.slice(0, 1);

describe("the list", () => {
  test.each<[string, string[], string]>([
    ["begins at the first", [], "A"],
    ["goes down", ["down"], "B"],
    ["goes down by letter", ["j", "j"], "C"],
    ["ends at the last", ["down", "down", "down", "down"], "C"],
    ["goes up", ["end", "up"], "B"],
    ["ends at the first", ["j", "k", "up"], "A"],
    ["jumps to both ends", ["G", "g"], "A"],
    ["pages", ["page-down"], "C"],
    ["pages back", ["G", "page-up"], "A"],
    ["takes no notice of other keys", ["x", "1", "手"], "A"],
  ])("%s", (_title, keys, at) => expect(chosen(three().keys(...keys))).toBe(at));

  test("has no choice while nobody asks, and Enter opens nothing", () => {
    const watch = new Watch().list().keys("down", "enter");
    expect(watch.state.chosen).toBeUndefined();
    expect(watch.deeds).toEqual([]);
    expect(chosen(watch.asked(A))).toBe("A");
  });

  test("keeps the choice while others come and go", () => {
    const watch = three().keys("down");
    watch.asked(asking("DDDD-0004")).resolved("AAAA-0001", "rejected");
    expect(chosen(watch)).toBe("B");
    expect(watch.state.note?.text).toBe("AAAA-0001 was rejected elsewhere.");
  });

  test("chooses what took the place of the chosen one", () => {
    expect(chosen(three().keys("down").resolved("BBBB-0002", "expired"))).toBe("C");
    expect(chosen(three().keys("end").resolved("CCCC-0003", "expired"))).toBe("B");
  });

  test("keeps the chosen row on a screen that is too small for all", () => {
    const rows = Array.from({ length: 20 }, (_, i) =>
      asking(`${"ABCDEFGHIJKLMNOPQRST"[i]}AAA-0001`),
    );
    const watch = new Watch(40, 10).list(...rows).keys("end");
    expect(watch.state.top).toBe(20 - 6);
    expect(watch.keys("up", "up").state.top).toBe(20 - 6);
    expect(watch.keys("home").state.top).toBe(0);
    watch.keys("end").size(40, 8);
    expect(watch.state.top).toBe(20 - 5);
    // A larger screen is filled from above.
    expect(watch.size(80, 40).state.top).toBe(0);
  });

  test.each(["a", "r"])("%s decides nothing: nobody has looked yet", (key) => {
    const watch = three().keys(key);
    expect(watch.deeds).toEqual([]);
    expect(watch.state.note?.text).toContain("Look at it first");
  });
});

describe("a request on the screen", () => {
  test("is asked for anew, and decided by its code", () => {
    const watch = three().keys("down").open(B).keys("a");
    expect(watch.deeds).toEqual(["show BBBB-0002", "approve BBBB-0002"]);
    expect(three().open(A).keys("r").deeds).toEqual(["show AAAA-0001", "reject AAAA-0001"]);
  });

  test.each(["escape", "left", "h", "back"])("%s goes back to the list", (key) => {
    const watch = three().open(A).keys(key);
    expect(watch.state.card).toBeUndefined();
    expect(watch.keys("a").deeds).toEqual(["show AAAA-0001"]);
  });

  test("stays the one that it is whatever happens to the list", () => {
    const watch = three().keys("down").open(B);
    watch.resolved("AAAA-0001", "approved").asked(asking("0000-0000")).list(C, B).keys("a");
    expect(watch.deeds.at(-1)).toBe("approve BBBB-0002");
  });

  test("takes no answer about another one", () => {
    const watch = three().open(A).keys("escape", "down", "enter");
    watch.on({ on: "shown", code: "AAAA-0001", row: A, at: watch.now });
    expect(watch.state.card).toMatchObject({ code: "BBBB-0002" });
    expect(watch.state.card?.row).toBeUndefined();
    watch.on({ on: "shown", code: "BBBB-0002", row: A, at: watch.now });
    expect(watch.state.card?.row).toBeUndefined();
    expect(watch.keys("a").deeds).not.toContain("approve BBBB-0002");
  });

  test("watchUnseenMs: a key that was typed before anybody could read does nothing", () => {
    const { value } = watchLimitTable.watchUnseenMs;
    for (const [after, times] of [
      [0, 0],
      [value - 1, 0],
      [value, 1],
    ] as const) {
      const watch = three().open(A);
      watch.on({ on: "key", key: "a", at: watch.now + after });
      expect(watch.deeds.filter((deed) => deed.startsWith("approve"))).toHaveLength(times);
    }
    const blind = three().keys("enter", "a", "r");
    expect(blind.deeds).toEqual(["show AAAA-0001"]);
    expect(blind.state.note?.text).toContain("Too soon");
  });

  test("is approved without the right to run commands on nodes where it asks for that", () => {
    const W = { ...A, scopes: ["operator.nodes", "operator.write"] };
    const watch = three().list(W).open(W).keys("w");
    expect(watch.deeds.at(-1)).toBe("approve-without AAAA-0001");
    watch.on({ on: "decided", code: "AAAA-0001", what: "approve-without", at: NOW });
    expect(watch.state.note?.text).toContain("Approved AAAA-0001 without nodes at");
    const small = new Watch(40, 10).list(W).open(W).keys("w");
    expect(small.state.note?.text).toContain("Read it to the end first");
    const nothing = three().open(A).keys("w");
    expect(nothing.deeds).toEqual(["show AAAA-0001"]);
    expect(nothing.state.note?.text).toBe("There is nothing to leave out.");
  });

  test("that does not fit is approved only after its end was on the screen", () => {
    const small = () => new Watch(40, 10).list(A).open(A);
    const watch = small().keys("a");
    expect(watch.deeds).toEqual(["show AAAA-0001"]);
    expect(watch.state.note?.text).toContain("Read it to the end first");
    expect(watch.keys("down").state.note).toBeUndefined();
    expect(watch.keys("page-down", "page-down", "up", "a").deeds).toContain("approve AAAA-0001");
    // To turn it down one need not read on.
    expect(small().keys("r").deeds).toContain("reject AAAA-0001");
    // A larger screen shows the rest.
    expect(small().size(40, 30).keys("a").deeds).toContain("approve AAAA-0001");
  });

  test("says what became of it, and leaves the card where others decided", () => {
    const watch = three().open(A).resolved("AAAA-0001", "rejected");
    expect(watch.state.card?.ended).toBe("was rejected elsewhere");
    expect(watch.keys("a").deeds).toEqual(["show AAAA-0001"]);
    expect(watch.state.note?.text).toContain("nothing left to decide");
    expect(chosen(watch.keys("escape"))).toBe("B");
  });
});

describe("a decision", () => {
  const approving = () => three().open(A).keys("a");

  test("is told with its time, and frees the screen", () => {
    const watch = approving();
    watch.on({ on: "decided", code: "AAAA-0001", what: "approve", at: NOW });
    expect(watch.state.note?.text).toMatch(/^Approved AAAA-0001 at \d\d:00:00\.$/);
    expect(watch.state.card).toBeUndefined();
    expect(chosen(watch)).toBe("B");
  });

  test("is not told as somebody else's when its event comes first", () => {
    const watch = approving().resolved("AAAA-0001", "approved");
    expect(watch.state.note).toBeUndefined();
    expect(watch.state.card?.ended).toBeUndefined();
    watch.on({ on: "decided", code: "AAAA-0001", what: "approve", at: NOW });
    expect(watch.state.note?.text).toContain("Approved AAAA-0001");
  });

  test("can't be taken back or doubled while it is under way", () => {
    const watch = approving().keys("escape", "a", "r", "left");
    expect(watch.deeds).toEqual(["show AAAA-0001", "approve AAAA-0001"]);
    expect(watch.state.card).toBeDefined();
  });

  test("that was refused says why, and can be tried again where the request still waits", () => {
    const watch = approving();
    watch.on({ on: "failed", code: "AAAA-0001", what: "approve", message: "missing scope" });
    expect(watch.state.note).toEqual({ text: "AAAA-0001: missing scope", tone: "bad" });
    expect(watch.keys("r").deeds.at(-1)).toBe("reject AAAA-0001");
  });

  test("about a request that is gone leaves nothing to decide", () => {
    const watch = approving().resolved("AAAA-0001", "superseded");
    watch.on({ on: "failed", code: "AAAA-0001", what: "approve", message: "unknown requestId" });
    expect(watch.state.card?.ended).toBe("is gone");
  });

  test("that is answered late, when another request is on the screen, leaves that one alone", () => {
    const card: Card = { code: "BBBB-0002", row: B, shownAt: NOW, top: 0, read: true };
    const watch = three();
    watch.state = { ...watch.state, card } satisfies State;
    watch.on({ on: "decided", code: "AAAA-0001", what: "reject", at: NOW });
    expect(watch.state.card).toEqual(card);
    expect(watch.state.rows.map(({ requestId }) => requestId)).toEqual(["BBBB-0002", "CCCC-0003"]);
  });
});

describe("a gateway that goes away", () => {
  const away = (watch: Watch) => watch.on({ on: "news", news: { on: "away" }, at: watch.now });

  test("can't be asked, and says when it is back", () => {
    const watch = away(three()).keys("enter");
    expect(watch.deeds).toEqual([]);
    expect(watch.state.note?.text).toBe("The gateway is away.");
    watch.list(A, C);
    expect(watch.state.away).toBe(false);
    expect(watch.state.rows).toEqual([A, C]);
    expect(watch.state.note?.text).toBe("BBBB-0002 is gone: decided or expired meanwhile.");
    expect(away(watch).list(A, C).state.note?.text).toBe("The gateway is back.");
  });

  test("decides nothing that is on the screen", () => {
    const watch = away(three().open(A)).keys("a");
    expect(watch.deeds).toEqual(["show AAAA-0001"]);
    expect(watch.list(A).keys("a").deeds.at(-1)).toBe("approve AAAA-0001");
  });

  test("in the middle of showing a request closes it, and says why", () => {
    const watch = three().keys("enter");
    watch.on({ on: "failed", code: "AAAA-0001", what: "show", message: "it went away" });
    expect(watch.state.card).toBeUndefined();
    expect(watch.state.note?.text).toBe("AAAA-0001: it went away");
  });
});

test.each([
  ["q", "quit"],
  ["ctrl-c", "quit"],
  ["ctrl-d", "quit"],
  ["ctrl-z", "suspend"],
  ["ctrl-l", "redraw"],
])("%s does the same everywhere: %s", (key, deed) => {
  expect(three().keys(key).deeds).toEqual([deed]);
  expect(three().open(A).keys(key).deeds.at(-1)).toBe(deed);
  expect(three().open(A).keys("a", key).deeds.at(-1)).toBe(deed);
});
