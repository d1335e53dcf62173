import { beforeEach, expect, test } from "vitest";
import { GatewayProcess } from "../kit/process.ts";
import { closing } from "./support/closing.ts";
import { code, press, shows, titled, words } from "./support/page.ts";
import { Profile } from "./support/profile.ts";

const keep = closing();
let gateway: GatewayProcess;
beforeEach(async () => {
  gateway = keep(await GatewayProcess.start());
});

async function connected() {
  const { url } = await gateway.json<{ url: string }>(["devices", "invite"]);
  const page = await keep(await Profile.open()).visit(url);
  await press(page);
  await shows(page, "ready");
  return page;
}

test("`openclaw gateway restart`: the page says that the gateway restarts, and comes back by itself", async () => {
  const page = await connected();
  const restarted = gateway.ok(["gateway", "restart"]);
  await titled(page, "The gateway is restarting");
  expect(await words(page, "lede")).toContain("reconnects by itself");
  expect(await words(page, "retry-at")).toMatch(/Next try in|Trying now/);
  await restarted;
  await shows(page, "ready");
});

test("after kill -9 the page says what happened, keeps trying, and is back once the gateway is", async () => {
  const page = await connected();
  await gateway.kill();
  await shows(page, "lost");
  expect(await words(page, "title")).toBe("Connection lost");
  expect(await words(page, "lede")).toContain("reconnects by itself");
  expect(await page.locator("#notice").count(), "no good news of earlier").toBe(0);
  // A failure that lasts names the command to look with.
  await page.locator("#cmd-next").waitFor();
  await gateway.start();
  await shows(page, "ready", 30_000);
});

test("“Try now” needs no patience", async () => {
  const page = await connected();
  await gateway.kill();
  await page.locator("#cmd-next").waitFor();
  await gateway.start();
  await press(page);
  await shows(page, "ready");
});

test("a page that waits keeps its code through kill -9, and goes on once approved", async () => {
  const page = await keep(await Profile.open()).visit(`http://127.0.0.1:${gateway.port}/`);
  const shown = await code(page);
  await gateway.kill();
  await page.locator("#wait", { hasText: "Reconnecting" }).waitFor();
  expect(await words(page, "code")).toBe(shown);
  await gateway.start();
  await page.locator("#wait", { hasText: "Waiting for approval" }).waitFor();
  expect(await words(page, "code")).toBe(shown);
  await gateway.ok(["devices", "approve", shown]);
  await shows(page, "ready");
});

test("a request approved while the page was cut off lets it in when it is back", async () => {
  const page = await keep(await Profile.open()).visit(`http://127.0.0.1:${gateway.port}/`);
  const shown = await code(page);
  await gateway.kill();
  await gateway.ok(["devices", "approve", shown]);
  await gateway.start();
  await shows(page, "ready");
});
