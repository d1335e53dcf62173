import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PairedRow } from "../../../src/cli/commands/devices/rows.ts";
import { textWidth } from "../../../src/lib/width.ts";
import { FakeAdmin, Refuse } from "../support/admin-server.ts";
import { NOW, openclaw } from "../support/io.ts";
import { pairedRow, pendingRow } from "../support/rows.ts";

const DAY = 24 * 3_600_000;
let admin: FakeAdmin;
let rows: PairedRow[];

beforeEach(async () => {
  admin = await new FakeAdmin().listen();
  rows = [];
  admin.answers = {
    "device.pair.list": pageOf,
    "device.pair.remove": ({ deviceId }) => {
      rows = rows.filter((row) => row.deviceId !== deviceId);
      return { deviceId };
    },
  };
});
afterEach(() => admin.close());

const idOf = (index: number) => index.toString(16).padStart(64, "0");
const fill = (count: number, more: (index: number) => Partial<PairedRow> = () => ({})) => {
  rows = Array.from({ length: count }, (_, i) => pairedRow({ deviceId: idOf(i), ...more(i) }));
};

/** Pages as the gateway makes them, over `rows`. */
function pageOf(params: Record<string, unknown>) {
  const { limit, cursor, query, staleBeforeMs } = params as {
    limit: number;
    cursor?: string;
    query?: string;
    staleBeforeMs?: number;
  };
  const fits = (row: PairedRow) =>
    (query === undefined || JSON.stringify(row).toLowerCase().includes(query.toLowerCase())) &&
    (staleBeforeMs === undefined || (row.lastSeenAtMs ?? 0) < staleBeforeMs);
  const all = rows.filter(fits);
  const rest = cursor === undefined ? all : all.filter((row) => row.deviceId > cursor);
  const paired = rest.slice(0, limit);
  return {
    pending: cursor === undefined ? [pendingRow()] : [],
    paired,
    total: all.length,
    ...(rest.length > limit && { nextCursor: paired.at(-1)?.deviceId }),
  };
}

const list = async (command: string, terminal = false) => {
  const io = admin.io();
  io.showsPerson = terminal;
  expect(await openclaw(`devices list ${command}`, io)).toBe(0);
  return io;
};

describe("devices list in pages", () => {
  test("a terminal gets fifty and the command for the next", async () => {
    fill(120);
    const first = await list("", true);
    expect(first.text).toContain("Paired (120)");
    expect(first.lines.filter((line) => line.includes("Firefox"))).toHaveLength(50);
    expect(first.lines.slice(-2)).toEqual([
      "  … and 70 others",
      `  next: openclaw devices list --cursor ${idOf(49)}`,
    ]);
    const second = await list(`--cursor ${idOf(49)}`, true);
    expect(second.lines.filter((line) => line.includes("Firefox"))).toHaveLength(50);
    const third = await list(`--cursor ${idOf(99)}`, true);
    expect(third.lines.filter((line) => line.includes("Firefox"))).toHaveLength(20);
    expect(third.text).not.toContain("next:");
  });

  test("the next command carries on with what narrowed the list", async () => {
    fill(3, () => ({ displayName: "Anna's phone", lastSeenAtMs: NOW - 40 * DAY }));
    const io = await list("--stale 2w --query anna --limit 1", true);
    expect(io.lines.at(-1)).toBe(
      `  next: openclaw devices list --stale 2w --query anna --limit 1 --cursor ${idOf(0)}`,
    );
    const quoted = await list("--query 'x; reboot' --limit 1", true);
    expect(quoted.text).not.toContain("next: openclaw devices list --query x; reboot");
  });

  test.each(["", "--all", "--limit 0"])("%j lists all where a pipe reads it", async (command) => {
    fill(2500);
    const io = await list(command);
    expect(io.lines.filter((line) => line.includes("Firefox"))).toHaveLength(2500);
    expect(io.lines.filter((line) => line.includes("MAY"))).toHaveLength(1);
    expect(io.text).not.toContain("next:");
    expect(admin.askedOf("device.pair.list")).toHaveLength(3);
  });

  test("later pages keep the columns of the first", async () => {
    fill(2000, (i) => ({ displayName: i < 1000 ? "short" : "a much longer name ".repeat(5) }));
    const io = await list("");
    const starts = io.lines.filter((line) => line.includes("operator: full control"));
    expect(new Set(starts.map((line) => line.indexOf("operator: full")))).toHaveProperty("size", 1);
    for (const line of io.lines) expect(textWidth(line)).toBeLessThanOrEqual(80);
  });

  test("--json is one whole object, however many pages", async () => {
    fill(2500, (i) => (i === 7 ? { displayName: "a\u202eb" } : {}));
    const io = await list("--json", true);
    expect(JSON.parse(io.text)).toEqual({ pending: [pendingRow()], paired: rows });
    expect(io.text).not.toContain("\u202e");
    const few = JSON.parse((await list("--json --limit 2")).text);
    expect(few).toMatchObject({ paired: rows.slice(0, 2), total: 2500, nextCursor: idOf(1) });
    rows = [];
    expect(JSON.parse((await list("--json")).text)).toMatchObject({ paired: [] });
  });

  test("the gateway looks for --query, --role and --stale", async () => {
    await list("--query Phone --role node --stale 3d");
    expect(admin.askedOf("device.pair.list")).toEqual([
      { limit: 1000, query: "Phone", role: "node", staleBeforeMs: NOW - 3 * DAY },
    ]);
  });
});

describe("devices clear in pages", () => {
  test("removes what is stale and nothing else, several at a time", async () => {
    fill(2500, (i) => ({ lastSeenAtMs: i % 2 === 0 ? NOW - 100 * DAY : NOW }));
    const io = admin.io();
    expect(await openclaw("devices clear --stale 90d --yes", io)).toBe(0);
    expect(io.text).toBe("Done: 1250 paired devices removed.");
    expect(rows).toHaveLength(1250);
    expect(rows.every(({ lastSeenAtMs }) => lastSeenAtMs === NOW)).toBe(true);
  });

  test("a gateway that knows no pages and narrows nothing down loses nobody else", async () => {
    fill(3, (i) => ({ lastSeenAtMs: i === 1 ? NOW - 100 * DAY : NOW }));
    admin.answers["device.pair.list"] = () => ({ pending: [], paired: rows });
    const io = admin.io();
    expect(await openclaw("devices clear --stale 90d", io)).toBe(1);
    expect(io.errorText).toContain("--yes would make it: 1 paired device removed");
    expect(await openclaw("devices clear --stale 90d --yes", io)).toBe(0);
    expect(rows.map(({ deviceId }) => deviceId)).toEqual([idOf(0), idOf(2)]);
  });

  test("whom somebody else removed meanwhile is no failure; a real one says how far it came", async () => {
    fill(10);
    const remove = admin.answers["device.pair.remove"];
    const details = { code: "UNKNOWN_DEVICE" };
    const unknown = { code: "INVALID_REQUEST", message: "no such device", details };
    admin.answers["device.pair.remove"] = (params) => {
      const { deviceId } = params;
      if (deviceId === idOf(3)) throw new Refuse(unknown);
      return remove?.(params);
    };
    const io = admin.io();
    expect(await openclaw("devices clear --yes", io)).toBe(0);
    expect(io.text).toBe("Done: 9 paired devices removed.");
    fill(2);
    admin.answers["device.pair.remove"] = () => {
      throw new Refuse({ code: "UNAVAILABLE", message: "the disk is full" });
    };
    expect(await openclaw("devices clear --yes", io)).toBe(1);
    expect(io.errorText).toContain("Stopped early: nothing was changed.");
  });

  test("--json names everybody who was removed", async () => {
    fill(1200);
    const io = admin.io();
    await openclaw("devices clear --yes --json", io);
    expect(JSON.parse(io.text).removed).toHaveLength(1200);
  });
});

describe("one device among many", () => {
  test("is found by its id's start, and looked for by the gateway", async () => {
    fill(3000);
    rows.push(pairedRow({ deviceId: `ab12cd34${"f".repeat(56)}` }));
    const io = admin.io();
    expect(await openclaw("devices remove ab12cd34", io)).toBe(0);
    expect(admin.askedOf("device.pair.list")).toEqual([{ limit: 1000, query: "ab12cd34" }]);
    expect(admin.askedOf("device.pair.remove")).toHaveLength(1);
  });

  test("a name that thousands have is refused in a few lines", async () => {
    fill(3000);
    const io = admin.io();
    expect(await openclaw("devices remove 'Firefox on Linux'", io)).toBe(1);
    expect(io.errors.length).toBeLessThan(100);
    expect(admin.askedOf("device.pair.remove")).toEqual([]);
  });

  test("an id that starts like another's, on another page, is not removed", async () => {
    fill(3000, (i) => ({ displayName: "ab12cd34", ...(i % 2999 === 0 && { deviceId: same(i) }) }));
    const io = admin.io();
    expect(await openclaw("devices remove ab12cd34", io)).toBe(1);
    expect(admin.askedOf("device.pair.remove")).toEqual([]);
  });
});

function same(index: number): string {
  return `ab12cd34${index.toString(16).padStart(56, "0")}`;
}
