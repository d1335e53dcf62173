import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Feed, opener } from "../../../../src/cli/commands/watch/feed.ts";
import type { News } from "../../../../src/cli/commands/watch/requests.ts";
import { startCommand } from "../../../../src/cli/reach/connect.ts";
import { watchLimitTable } from "../../../../src/limits/watch.ts";
import { until } from "../../../kit/until.ts";
import { FakeAdmin, Refuse } from "../../support/admin-server.ts";
import { pendingRow } from "../../support/rows.ts";

let admin: FakeAdmin;
let news: News[];
let pauses: number[];
/** What happens while the feed pauses; by default the gateway stays away. */
let meanwhile: () => Promise<unknown>;
let feed: Feed;
let end: Promise<unknown>;

const offer = { requestId: "9ABC-DEFG", nodeId: "cd".repeat(32), ts: 1, commands: ["system.run"] };
const told = () => news.map((one) => ("rows" in one ? `list ${one.rows.length}` : one.on));

beforeEach(async () => {
  admin = await new FakeAdmin().listen();
  admin.answers = {
    "host.events": ({ events }) => ({ events }),
    "device.pair.list": () => ({ pending: [pendingRow()], paired: [] }),
    "node.pair.list": () => ({ pending: [offer], paired: [] }),
  };
  news = [];
  pauses = [];
  meanwhile = async () => undefined;
  let now = 0;
  const time = {
    now: () => now,
    pause: async (ms: number) => {
      now += ms;
      pauses.push(ms);
      await meanwhile();
    },
  };
  const open = opener({ io: admin.io(), options: {} });
  feed = new Feed(open, (one) => news.push(one), time);
  end = feed.run().then(
    () => "ended",
    (error) => error,
  );
});
afterEach(async () => {
  await feed.close();
  await admin.close();
});

describe("the feed", () => {
  test("asks for events before it asks for what there is, so nothing falls between", async () => {
    await until(() => news.length === 1, "the list");
    expect(admin.asked.map(({ method }) => method)).toEqual([
      "host.events",
      "device.pair.list",
      "node.pair.list",
    ]);
    expect(news[0]).toMatchObject({
      on: "list",
      rows: [{ requestId: "7F3K-Q2MN" }, { requestId: "9ABC-DEFG", nodeId: offer.nodeId }],
    });
  });

  test("tells what happens while the list is on its way after the list", async () => {
    const late = { requestId: "7F3K-Q2MN", why: "expired" };
    await until(() => news.length === 1, "the first list");
    admin.answers["device.pair.list"] = () => {
      admin.tell("device.pair.resolved", late);
      return { pending: [pendingRow()], paired: [] };
    };
    meanwhile = () => admin.listen();
    await admin.stop();
    await until(() => news.length === 4, "the list and what came meanwhile");
    expect(told()).toEqual(["list 2", "away", "list 2", "resolved"]);
  });

  test("tells events as they come, and none that are about something else", async () => {
    await until(() => news.length === 1, "the list");
    admin.tell("device.pair.changed", {});
    admin.tell("device.pair.requested", pendingRow({ requestId: "AAAA-BBBB" }));
    admin.tell("node.pair.resolved", { requestId: "9ABC-DEFG", why: "withdrawn" });
    await until(() => news.length === 3, "two events");
    expect(news.slice(1)).toMatchObject([
      { on: "asked", row: { requestId: "AAAA-BBBB" } },
      { on: "resolved", code: "9ABC-DEFG", why: "withdrawn" },
    ]);
  });

  test("asks for the list again where the gateway left events out, once at a time, and misses none", async () => {
    await until(() => news.length === 1, "the list");
    let lists = 0;
    admin.answers["device.pair.list"] = () => {
      lists += 1;
      // While it is on its way: more of the same, which is one more list, and an event of its own.
      if (lists === 1) {
        for (const more of [1, 2, 3]) admin.tell("device.pair.changed", { more });
        admin.tell("device.pair.resolved", { requestId: "9ABC-DEFG", why: "expired" });
      }
      return { pending: [pendingRow()], paired: [] };
    };
    admin.tell("device.pair.changed", { more: 7 });
    await until(() => news.length === 4, "two lists and the event between them");
    expect(told()).toEqual(["list 2", "list 2", "resolved", "list 2"]);
    expect(lists).toBe(2);
  });

  test("watchRetryMs: comes back to a gateway that went away, with growing pauses", async () => {
    await until(() => news.length === 1, "the list");
    meanwhile = async () => (pauses.length === 3 ? admin.listen() : undefined);
    await admin.stop();
    await until(() => news.length === 3, "the list again");
    expect(told()).toEqual(["list 2", "away", "list 2"]);
    expect(pauses).toEqual([100, 200, 400]);
    await feed.close();
    expect(await end).toBe("ended");
  });

  test("watchRetryMaxMs: no pause is longer, however long the gateway stays away", async () => {
    await until(() => news.length === 1, "the list");
    meanwhile = async () => (pauses.length === 8 ? admin.listen() : undefined);
    await admin.stop();
    await until(() => news.length === 3, "the list again");
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 2000, 2000, 2000]);
  });

  test("watchAwayMs: ends with its cause when the gateway stays away", async () => {
    await until(() => news.length === 1, "the list");
    await admin.stop();
    expect(await end).toMatchObject({
      exit: "unreachable",
      message: "the gateway went away and did not come back within 120 s",
      next: startCommand(),
    });
    const waited = pauses.reduce((sum, ms) => sum + ms, 0);
    const { value } = watchLimitTable.watchAwayMs;
    expect(waited).toBeGreaterThanOrEqual(value);
    expect(waited).toBeLessThan(value + 2 * 2000);
  });

  test("ends at a refusal that waiting does not cure", async () => {
    await until(() => news.length === 1, "the list");
    admin.answers["host.events"] = () => {
      throw new Refuse({ code: "FORBIDDEN", message: "missing scope: operator.admin" });
    };
    meanwhile = () => admin.listen();
    await admin.stop();
    expect(await end).toMatchObject({ message: "missing scope: operator.admin" });
  });

  test("asks nothing of a gateway that is away", async () => {
    await until(() => news.length === 1, "the list");
    let go = () => {};
    meanwhile = () =>
      new Promise<void>((resolve) => {
        go = resolve;
      });
    await admin.stop();
    await until(() => told().includes("away"), "its end");
    expect(() => feed.request("health", {})).toThrow("the gateway is away");
    await feed.close();
    go();
    expect(await end).toBe("ended");
  });
});

test("without a gateway the feed says so at once", async () => {
  const gone = await new FakeAdmin().listen();
  const open = opener({ io: gone.io(), options: {} });
  await gone.close();
  await expect(new Feed(open, () => {}).run()).rejects.toThrow("the gateway is not running");
});
