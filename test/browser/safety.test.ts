import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { closing } from "./support/closing.ts";
import { code, lines, press, shows, words } from "./support/page.ts";
import { Profile } from "./support/profile.ts";

const keep = closing();
let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(() => gateway?.close());

const HOSTILE = [
  '<img src=x onerror="window.pwned=1">',
  "<script>window.pwned=1</script>",
  "\u202egnp.exe\u202c \u200bzero\u200d-width\u2066 \u001b[31mred",
];

/** A paired client that calls itself `displayName`. */
async function peer(displayName: string): Promise<void> {
  const device = makeDevice();
  const client = { id: "test", version: "1", platform: "linux", mode: "test", displayName };
  const options = { device, client, auth: { token: PROCESS_TOKEN } };
  const first = await RawClient.open(gateway.url);
  const refused = await first.connect(options);
  await gateway.ok(["devices", "approve", refused.error.details.requestId]);
  const raw = await RawClient.open(gateway.url);
  keep({ close: async () => raw.close() });
  const hello = await raw.connect(options);
  expect(hello.ok).toBe(true);
}

async function connected(profile: Profile) {
  const { url } = await gateway.json<{ url: string }>(["devices", "invite"]);
  const page = await profile.visit(url);
  await press(page);
  await shows(page, "ready");
  return page;
}

test("hostile names of other devices are text, cleaned, and run nothing", async () => {
  const page = await connected(keep(await Profile.open()));
  for (const name of HOSTILE) await peer(name);
  await until(async () => (await lines(page, "#peers li")).length === 5, "all peers to show");
  const shown = (await lines(page, "#peers li")).join("\n");
  expect(shown).toContain('<img src=x onerror="window.pwned=1">');
  expect(shown).toContain("gnp.exe zero-width [31mred");
  expect(shown.replaceAll("\n", "")).not.toMatch(/\p{C}/u);
  expect(await page.locator("#view img, #view script").count()).toBe(0);
  expect(await page.evaluate(() => "pwned" in globalThis)).toBe(false);
});

test("names that a gateway did not clean are cleaned by the page", async () => {
  const profile = keep(await Profile.open());
  await profile.context.routeWebSocket(/.*/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((text) => {
      const frame = JSON.parse(String(text));
      // In hello-ok, and in the event about this very browser that may follow at any moment.
      const { snapshot, presence = snapshot?.presence } = frame.payload ?? {};
      for (const row of presence ?? []) row.host = HOSTILE.join(" ");
      socket.send(JSON.stringify(frame));
    });
  });
  const page = await connected(profile);
  const first = await words(page, "peers");
  expect(first).toContain("<img src=x");
  expect(first).not.toMatch(/\p{C}/u);
  expect(await page.locator("#view img, #view script").count()).toBe(0);
  expect(await page.evaluate(() => "pwned" in globalThis)).toBe(false);
});

test("the policy is in force: markup that got in would still run nothing and reach nobody", async () => {
  const profile = keep(await Profile.open());
  const page = await profile.visit(`http://127.0.0.1:${gateway.port}/`);
  await code(page);
  const outcome = await page.evaluate(async (markup) => {
    const inline = document.createElement("script");
    inline.textContent = "window.pwned = 1";
    document.body.append(inline);
    document.body.insertAdjacentHTML("beforeend", markup);
    const fetched = await fetch("http://127.0.0.1:1/").then(
      () => "sent",
      () => "blocked",
    );
    return { fetched, pwned: "pwned" in globalThis };
  }, HOSTILE[0] ?? "");
  expect(outcome).toEqual({ fetched: "blocked", pwned: false });
  // These are the violations that no other test may see.
  const violations = profile.faults.splice(0).join("\n");
  expect(violations).toMatch(/inline script/i);
  expect(violations).toMatch(/127\.0\.0\.1:1/);
});

test("the whole page works with the keyboard, and shows where the focus is", async () => {
  const profile = keep(await Profile.open());
  const { url } = await gateway.json<{ url: string }>(["devices", "invite"]);
  const page = await profile.visit(url);
  await shows(page, "invited");
  const focus = () =>
    page.evaluate(() => {
      const held = document.activeElement ?? document.body;
      const { outlineStyle, outlineWidth } = getComputedStyle(held);
      const visible = outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0;
      return { id: held.id, visible };
    });
  await page.keyboard.press("Tab");
  expect(await focus()).toEqual({ id: "primary", visible: true });
  await page.keyboard.press("Enter");
  await shows(page, "ready");
  // The button is gone: the focus is on the heading that took its place, not lost.
  expect((await focus()).id).toBe("title");

  await gateway.ok(["config", "set", "gateway.sshTarget", "root@attic.example.com"]);
  const stranger = keep(await Profile.open());
  const waiting = await stranger.visit(`http://127.0.0.1:${gateway.port}/`);
  await code(waiting);
  const command = await words(waiting, "cmd-ssh");
  await waiting.keyboard.press("Tab");
  await waiting.keyboard.press("Tab");
  expect(await waiting.evaluate(() => document.activeElement?.id)).toBe("copy-ssh");
  await waiting.keyboard.press("Enter");
  await waiting.locator("#copy-ssh", { hasText: "Copied" }).waitFor();
  expect(await stranger.pasted()).toBe(command);
});
