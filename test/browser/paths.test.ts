import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { closing } from "./support/closing.ts";
import { nearGateway } from "./support/near-gateway.ts";
import { OneOrigin } from "./support/one-origin.ts";
import { code, press, shows, titled, words } from "./support/page.ts";
import { sharedProfile } from "./support/shared-profile.ts";

const keep = closing();
const profile = sharedProfile();

/** Two gateways on one origin, and a tab of one browser. */
async function stage() {
  const a = keep(await nearGateway());
  const b = keep(await nearGateway());
  const origin = keep(await OneOrigin.start({ a: a.port, b: b.port }));
  const page = await profile().context.newPage();
  return { a, b, page, pageA: origin.page("a"), pageB: origin.page("b") };
}

const names = (page: Page) => page.evaluate(() => Object.keys(localStorage).sort());

test("an invite opened for one gateway is not offered to another one of its origin", async () => {
  const { a, page, pageA, pageB } = await stage();
  await page.goto(`${pageA}#invite=${await a.invite()}`);
  await shows(page, "invited");
  await page.goto(pageB);
  await code(page);
  await page.goto(pageA);
  await shows(page, "invited");
  await press(page);
  await shows(page, "ready");
});

test("each gateway of an origin has a key and a grant of its own, under any name of its page", async () => {
  const { a, b, page, pageA, pageB } = await stage();
  await page.goto(`${pageA}#invite=${await a.invite()}`);
  await press(page);
  await shows(page, "ready");
  const key = await words(page, "device-fp");
  await page.goto(pageB);
  await b.host("device.pair.approve", { requestId: await code(page) });
  await shows(page, "ready");
  expect(await words(page, "device-fp")).not.toBe(key);
  const ws = (url: string) => `openclaw-grant ${url.replace("http", "ws")}`;
  expect(await names(page)).toEqual([ws(pageA), ws(pageB)]);
  await page.goto(`${pageA}index.html`);
  await shows(page, "ready");
  expect(await words(page, "device-fp")).toBe(key);
});

test("what was kept before gateways were told apart stays with the one that granted", async () => {
  const { a, page, pageA, pageB } = await stage();
  await page.goto(`${pageA}#invite=${await a.invite()}`);
  await press(page);
  await shows(page, "ready");
  const key = await words(page, "device-fp");
  const grant = `openclaw-grant ${pageA.replace("http", "ws")}`;
  // As the page stored it before: one key for all, the grant by the file's name and without the key's.
  await page.evaluate(async (name) => {
    const { id: _, ...rest } = JSON.parse(localStorage.getItem(name) ?? "");
    localStorage.removeItem(name);
    localStorage.setItem(`${name}index.html`, JSON.stringify(rest));
    sessionStorage.setItem("openclaw-invite", "former");
    await new Promise((resolve) => {
      indexedDB.open("openclaw-device").onsuccess = ({ target }) => {
        const database = (target as IDBOpenDBRequest).result;
        const store = database.transaction("keys", "readwrite").objectStore("keys");
        store.getAll().onsuccess = (got) => {
          store.clear();
          store.put((got.target as IDBRequest).result[0], 1).onsuccess = resolve;
          database.close();
        };
      };
    });
  }, grant);
  await page.goto(`${pageA}index.html`);
  await shows(page, "ready");
  expect(await words(page, "device-fp")).toBe(key);
  expect(await names(page)).toEqual([grant]);
  await page.goto(pageB);
  await code(page);
  expect(await words(page, "device-fp")).not.toBe(key);
  await page.goto(pageA);
  await shows(page, "ready");
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await titled(page, "Pair this browser");
});
