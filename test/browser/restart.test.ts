import { beforeEach, expect, test } from "vitest";
import { GatewayProcess } from "../kit/process.ts";
import { until } from "../kit/until.ts";
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
  await shows(page, "ready");
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

test("while it tries again everything stays in place: focus, selection, and a press that has begun", async () => {
  const page = await connected();
  await gateway.kill();
  await page.locator("#cmd-next").waitFor();
  const tries: unknown[] = [];
  page.on("websocket", (socket) => socket.on("close", () => tries.push(socket)));
  /** As many tries that fail, each of which changes what is shown: as when the network is back. */
  const tried = async (more: number) => {
    const goal = tries.length + more;
    await until(async () => {
      await page.evaluate(() => dispatchEvent(new Event("online")));
      return tries.length >= goal;
    }, "tries to fail");
    await page.locator("#retry-at", { hasText: "Next try in" }).waitFor();
  };
  const all = await page.locator("#view *").elementHandles();
  const inPlace = () => Promise.all(all.map((one) => one.evaluate((node) => node.isConnected)));
  await page.locator("#copy-next").focus();
  await page.evaluate(() => {
    const line = document.querySelector("#cmd-next");
    if (line) getSelection()?.selectAllChildren(line);
  });
  const command = await words(page, "cmd-next");
  await tried(3);
  expect(await inPlace()).toEqual(all.map(() => true));
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("copy-next");
  expect(await page.evaluate(() => String(getSelection()).trim())).toBe(command.trim());

  await page.locator("#copy-next").hover();
  await page.mouse.down();
  await tried(2);
  await page.mouse.up();
  await page.locator("#copy-next", { hasText: "Copied" }).waitFor();
  await page.locator("#primary").hover();
  await page.mouse.down();
  await tried(2);
  await gateway.start();
  await page.mouse.up();
  await shows(page, "ready");
});

test("a countdown goes on, second by second, and nothing but its words changes", async () => {
  const page = await keep(await Profile.open()).context.newPage();
  await page.clock.install();
  await page.goto(`http://127.0.0.1:${gateway.port}/`);
  await code(page);
  await page.locator("#ends #device-fp", { hasText: "-" }).waitFor();
  await page.locator("#copy-host").focus();
  const changed = await page.evaluateHandle(() => {
    const seen: string[] = [];
    const note = (list: MutationRecord[]) => {
      for (const { target } of list) seen.push((target as Element).id);
    };
    new MutationObserver(note).observe(document.body, { childList: true, subtree: true });
    return seen;
  });
  await page.clock.runFor(3_500);
  await until(async () => (await changed.jsonValue()).length >= 3, "three seconds to be shown");
  expect(new Set(await changed.jsonValue())).toEqual(new Set(["expires"]));
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("copy-host");
});
