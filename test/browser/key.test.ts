import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import type { TestGateway } from "../kit/gateway.ts";
import { closing } from "./support/closing.ts";
import { nearGateway } from "./support/near-gateway.ts";
import { code, press, shows, titled, words } from "./support/page.ts";
import { sharedProfile } from "./support/shared-profile.ts";

const keep = closing();
const profile = sharedProfile();
let gateway: TestGateway;
beforeEach(async () => {
  gateway = keep(await nearGateway());
});

const address = () => `http://127.0.0.1:${gateway.port}/`;
const AWAY = "This browser’s key can’t be read";

/** What IndexedDB does instead of what it is asked, while sessionStorage names it. */
function breakDatabase(): void {
  const { open } = IDBFactory.prototype;
  const { transaction } = IDBDatabase.prototype;
  const fault = () => sessionStorage.getItem("fault");
  IDBFactory.prototype.open = function (this: IDBFactory, ...asked: [string]) {
    const never = {} as IDBOpenDBRequest;
    if (fault() === "throws") throw new DOMException("broken", "UnknownError");
    if (fault() === "never answers") return never;
    if (fault() === "fails") {
      setTimeout(() => never.onerror?.(new Event("error")));
      return never;
    }
    return open.apply(this, asked);
  };
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...asked) {
    const begun = transaction.apply(this, asked);
    if (fault() === "aborts") queueMicrotask(() => begun.abort());
    return begun;
  };
}

/** A tab whose database can be broken, and whose clock is wound by hand. */
async function opened(): Promise<Page> {
  const page = await profile().context.newPage();
  await page.addInitScript(breakDatabase);
  await page.clock.install();
  return page;
}

/** A paired browser. */
async function paired(): Promise<Page> {
  const page = await opened();
  await page.goto(`${address()}#invite=${await gateway.invite({ scopes: ["operator.read"] })}`);
  await press(page);
  await shows(page, "ready");
  return page;
}

const stored = (page: Page) => page.evaluate(() => JSON.stringify({ ...localStorage }));

test("a store that fails for a while costs a paired browser neither its key nor its token", async () => {
  const page = await paired();
  const key = await words(page, "device-fp");
  const before = await stored(page);
  for (const fault of ["throws", "fails", "aborts"]) {
    await page.evaluate((name) => sessionStorage.setItem("fault", name), fault);
    await page.reload();
    await titled(page, AWAY);
    expect(await words(page, "lede"), fault).toContain("Nothing is thrown away");
    expect(await stored(page), fault).toBe(before);
    await page.evaluate(() => sessionStorage.removeItem("fault"));
    await page.clock.runFor(1_000);
    await shows(page, "ready");
    expect(await words(page, "device-fp"), fault).toBe(key);
    expect(await stored(page), fault).toBe(before);
  }
});

test("a store that never answers is asked again", async () => {
  const page = await paired();
  const key = await words(page, "device-fp");
  await page.evaluate(() => sessionStorage.setItem("fault", "never answers"));
  await page.reload();
  await shows(page, "connecting");
  await page.clock.runFor(5_000);
  await titled(page, AWAY);
  await page.evaluate(() => sessionStorage.removeItem("fault"));
  await page.clock.runFor(1_000);
  await shows(page, "ready");
  expect(await words(page, "device-fp")).toBe(key);
});

test("a browser that lost its key for good is paired anew when a person says so, and not before", async () => {
  const page = await paired();
  const key = await words(page, "device-fp");
  const before = await stored(page);
  await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const gone = indexedDB.deleteDatabase("openclaw-device");
        gone.onsuccess = resolve;
        // An open page must not stand in the way of who clears what a browser keeps.
        gone.onblocked = reject;
      }),
  );
  await page.reload();
  await titled(page, AWAY);
  expect(await page.locator("#anew").count(), "at the first failure").toBe(0);
  await page.clock.runFor(5_000);
  await page.locator("#anew").waitFor();
  expect(await stored(page)).toBe(before);
  await page.locator("#anew").click();
  await code(page);
  expect(await words(page, "device-fp")).not.toBe(key);
});

test("a browser that is not paired does without a store that stays broken, and keeps what it made", async () => {
  const page = await opened();
  await page.goto(address());
  await page.evaluate(() => sessionStorage.setItem("fault", "fails"));
  await page.reload();
  await titled(page, AWAY);
  await page.clock.runFor(5_000);
  const shown = await code(page);
  await gateway.host("device.pair.approve", { requestId: shown });
  await shows(page, "ready");
  const key = await words(page, "device-fp");
  await page.evaluate(() => sessionStorage.removeItem("fault"));
  await page.reload();
  await shows(page, "ready");
  expect(await words(page, "device-fp")).toBe(key);
});
