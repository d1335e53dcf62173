import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NotifyReport } from "../../../src/notify/notifier.ts";
import { FakeAdmin, Refuse } from "../support/admin-server.ts";
import { FakeIo, NOW, openclaw } from "../support/io.ts";

let admin: FakeAdmin;
beforeEach(async () => {
  admin = await new FakeAdmin().listen();
});
afterEach(() => admin.close());

const tested = { to: "https://ntfy.example.com", status: 200, ms: 84 };

describe("notify test", () => {
  test("says that the webhook took it", async () => {
    admin.answers["host.notify.test"] = () => tested;
    const io = admin.io();
    expect(await openclaw("notify test", io)).toBe(0);
    expect(io.lines).toEqual([
      "https://ntfy.example.com took the test message: status 200 after 84 ms.",
      "It should have arrived where you read such messages.",
    ]);
    const json = admin.io();
    await openclaw("notify test --json", json);
    expect(JSON.parse(json.text)).toEqual(tested);
  });

  test("says why it did not, and what to type", async () => {
    admin.answers["host.notify.test"] = () => {
      throw new Refuse({
        code: "UNAVAILABLE",
        message: "https://ntfy.example.com answered 401: it wants other credentials",
        details: {
          code: "NOTIFY_STATUS",
          cure: "openclaw config set notify.webhook.headersFile x",
        },
      });
    };
    const io = admin.io();
    expect(await openclaw("notify test", io)).toBe(1);
    expect(io.errors).toEqual([
      "openclaw: https://ntfy.example.com answered 401: it wants other credentials",
      "  next: openclaw config set notify.webhook.headersFile x",
    ]);
  });

  test("is for the gateway that runs here", async () => {
    expect(await openclaw("notify test --url wss://x", admin.io())).toBe(2);
    const nowhere = new FakeIo({
      HOME: "/nonexistent",
      PATH: "/nonexistent",
      OPENCLAW_STATE_DIR: "/nonexistent/state",
      OPENCLAW_ADMIN_SOCKET: "/nonexistent/admin.sock",
    });
    expect(await openclaw("notify test", nowhere)).toBe(3);
    expect(nowhere.errorText).toContain("the gateway is not running");
    expect(await openclaw("notify", admin.io())).toBe(2);
    expect(admin.asked).toEqual([]);
  });
});

describe("status", () => {
  const counts = { sent: 1, failed: 0, merged: 0, dropped: 0 };

  async function row(notify: NotifyReport | undefined): Promise<string | undefined> {
    admin.answers["status"] = () => ({
      runtimeVersion: "1.2.3",
      gateway: {
        fingerprint: "4AEC-269E",
        uptimeMs: 7_200_000,
        listening: [],
        connections: {},
        pairing: { pending: 0, devices: 0, invites: 0 },
        store: { ok: true },
        closes: {},
        notify,
        warnings: [],
      },
    });
    const io = admin.io();
    expect(await openclaw("status", io)).toBe(0);
    return io.lines.find((line) => line.startsWith("Webhook"))?.replace(/^Webhook +/, "");
  }

  const report = { configured: true, format: "json", waiting: 0, counts } as const;
  const last = { atMs: NOW - 180_000, to: "https://ntfy.example.com", ms: 84 };

  test.each([
    [undefined, undefined],
    [{ ...report, configured: false }, undefined],
    [report, "nothing sent yet"],
    [
      { ...report, last: { ...last, ok: true, status: 200 } },
      "https://ntfy.example.com took a message 3 minutes ago",
    ],
    [
      { ...report, waiting: 2, last: { ...last, ok: false, error: "nobody\u001b[2J answers" } },
      "failed 3 minutes ago: nobody[2J answers, 2 requests still to be told",
    ],
  ] as const)("of %j shows %j", async (notify, expected) => {
    expect(await row(notify)).toBe(expected);
  });
});
