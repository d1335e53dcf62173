import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import type { TestGateway } from "../kit/gateway.ts";
import { closing } from "./support/closing.ts";
import { nearGateway } from "./support/near-gateway.ts";
import { lines, press, shows, titled, words } from "./support/page.ts";
import { sharedProfile } from "./support/shared-profile.ts";

const keep = closing();
const profile = sharedProfile();
let gateway: TestGateway;
beforeEach(async () => {
  gateway = keep(await nearGateway());
});

const address = () => `http://127.0.0.1:${gateway.port}/`;
const READ = "operator.read";
const WRITE = "operator.write";

/** A browser that is paired by a link with `scopes`. */
async function paired(scopes: readonly string[]): Promise<Page> {
  const page = await profile().visit(`${address()}#invite=${await gateway.invite({ scopes })}`);
  await press(page);
  await shows(page, "ready");
  return page;
}

/** Opens a link in the tab, as a person does who pastes it there. */
async function opens(page: Page, secret: string): Promise<void> {
  await page.goto("about:blank");
  await page.goto(`${address()}#invite=${secret}`);
  await page.locator("#offer").waitFor();
}

async function usersOf(name: string): Promise<number> {
  type Listed = { invites: { name?: string; usedBy: unknown[] }[] };
  const { invites } = await gateway.host<Listed>("device.pair.inviteList", {});
  return invites.find((link) => link.name === name)?.usedBy.length ?? -1;
}

test("a link with more rights, opened in a paired browser, is offered and adds them", async () => {
  const page = await paired([READ]);
  const key = await words(page, "device-fp");
  await opens(page, await gateway.invite({ scopes: [WRITE, "operator.approvals"] }));
  expect(await words(page, "notice")).toContain("paired already");
  expect(await lines(page, "#scopes li")).toEqual(["see chats and devices"]);
  await press(page);
  await page.locator("#notice", { hasText: "can do more now" }).waitFor();
  expect(await lines(page, "#scopes li")).toHaveLength(3);
  expect(await words(page, "device-fp")).toBe(key);
  const rights = await lines(page, "#scopes li");
  await page.reload();
  await shows(page, "ready");
  expect(await lines(page, "#scopes li")).toEqual(rights);
  expect(await page.locator("#offer").count()).toBe(0);
});

test("a link with no more than the browser has is not used up", async () => {
  const page = await paired([READ, WRITE]);
  await opens(page, await gateway.invite({ scopes: [READ], name: "narrow" }));
  await press(page);
  await page.locator("#notice", { hasText: "gives nothing" }).waitFor();
  expect(await lines(page, "#scopes li")).toEqual([
    "see chats and devices",
    "send messages and run the agent",
  ]);
  expect(await usersOf("narrow")).toBe(0);
});

test("a link that fails takes nothing from a paired browser", async () => {
  const page = await paired([READ]);
  await opens(page, "A".repeat(43));
  await press(page);
  await titled(page, "This link is not valid");
  expect(await words(page, "primary")).toBe("Go on without the link");
  await press(page);
  await shows(page, "ready");
  const nodes = await gateway.invite({ role: "node", scopes: [] });
  await opens(page, nodes);
  await press(page);
  await titled(page, "This link is for a node");
  await press(page);
  await shows(page, "ready");
  expect(await lines(page, "#scopes li")).toEqual(["see chats and devices"]);
});
