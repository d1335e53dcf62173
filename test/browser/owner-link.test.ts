import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GatewayProcess } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { closing } from "./support/closing.ts";
import { lines, press, shows, titled, words } from "./support/page.ts";
import { Profile } from "./support/profile.ts";
import { Terminal } from "./support/terminal.ts";
import { failOften } from "./support/views.ts";

const keep = closing();
let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(() => gateway?.close());

const secretOf = (link: string) => link.split("#invite=")[1] ?? "";

/** Everything in the state folder as one text. */
async function stateText(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map(({ parentPath, name }) => readFile(join(parentPath, name), "latin1"));
  return (await Promise.all(texts)).join("\n");
}

test("the link of the first start on a terminal pairs its browser with one press", async () => {
  const prepared = keep(await GatewayProcess.prepare());
  const terminal = keep(new Terminal(prepared));
  const [link] = await terminal.shown(/http:\/\/\S+#invite=[\w-]{43}/);
  const profile = keep(await Profile.open());
  const page = await profile.visit(link);
  await shows(page, "invited");
  expect(await words(page, "title")).toBe("Pair this browser");
  expect(page.url()).toBe(`http://127.0.0.1:${prepared.port}/`);
  await press(page);
  await shows(page, "ready");
  expect(await words(page, "lede")).toContain("operator");
  expect(await words(page, "notice")).toContain("paired");
  expect(await lines(page, "#scopes li")).toEqual(["full control"]);
  const { paired } = await prepared.json<Listed>(["devices", "list"]);
  expect(paired).toMatchObject([{ connected: true, scopes: expect.arrayContaining([ADMIN]) }]);
  // The one place that shows it is what the person was meant to read.
  expect(terminal.output.split(secretOf(link)).length - 1).toBe(1);
  expect(await stateText(prepared.stateDir)).not.toContain(secretOf(link));
});

const ADMIN = "operator.admin";
interface Listed {
  readonly paired: readonly { readonly scopes: string[]; readonly connected: boolean }[];
}

test("a link of `devices invite` tells as whom it paired and who else is there, and leaves no trace", async () => {
  const [first = ""] = (await gateway.ok(["devices", "invite", "--scopes", "owner"])).split("\n");
  const [second = ""] = (await gateway.ok(["devices", "invite", "--scopes", "read"])).split("\n");
  const owner = keep(await Profile.open());
  const ownerPage = await owner.visit(first);
  await press(ownerPage);
  await shows(ownerPage, "ready");
  const guest = keep(await Profile.open());
  const page = await guest.visit(second);
  await press(page);
  await shows(page, "ready");
  expect(await words(page, "lede")).toMatch(/Chrome on Linux.*operator/);
  expect(await lines(page, "#scopes li")).toEqual(["see chats and devices"]);
  for (const both of [page, ownerPage]) {
    await until(async () => (await lines(both, "#peers li")).length === 3, "gateway and two peers");
    const own = await lines(both, "#peers li small");
    expect(own).toEqual(["this browser"]);
  }
  expect(page.url()).not.toContain(secretOf(second));
  const traces = await page.evaluate(() =>
    JSON.stringify([location.href, history.state, document.referrer]),
  );
  expect(traces).not.toContain(secretOf(second));
  expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([]);
  for (const link of [first, second]) expect(gateway.output).not.toContain(secretOf(link));
});

test("the same link works again in the browser that used it, and names why it does not in another", async () => {
  const [link = ""] = (await gateway.ok(["devices", "invite"])).split("\n");
  const first = keep(await Profile.open());
  const page = await first.visit(link);
  await press(page);
  await shows(page, "ready");
  const again = await first.visit(link);
  await shows(again, "ready");
  // Even when the answer to the first use was lost with its token.
  await again.evaluate(() => localStorage.clear());
  const lostReply = await first.visit(link);
  await press(lostReply);
  await shows(lostReply, "ready");

  const second = keep(await Profile.open());
  const refused = await second.visit(link);
  await press(refused);
  await shows(refused, "stopped");
  expect(await words(refused, "title")).toBe("This link was already used");
  expect(await words(refused, "lede")).toContain("another device");
  expect(await words(refused, "cmd-next")).toBe("openclaw devices invite");
  // Not a dead end: without the link this browser asks like any other.
  await press(refused);
  await shows(refused, "waiting");
});

test("after too many wrong links the page says how long to wait, and whoever is paired still gets in", async () => {
  const attacked = keep(await GatewayProcess.start());
  const { url } = await attacked.json<{ url: string }>(["devices", "invite"]);
  const profile = keep(await Profile.open());
  const paired = await profile.visit(url);
  await press(paired);
  await shows(paired, "ready");
  await failOften(attacked.url);
  await paired.reload();
  await shows(paired, "ready");
  const late = keep(await Profile.open());
  const page = await late.visit(`${new URL(url).origin}/#invite=${"A".repeat(43)}`);
  await press(page);
  await titled(page, "Too many failed attempts");
  expect(await words(page, "retry-at")).toMatch(/Next try in [45] min/);
  expect(await page.locator("#primary").count(), "an earlier try would be refused").toBe(0);
});

test("a link past its time and one that is garbage are refused by name", async () => {
  const args = ["devices", "invite", "--expires", "1s"];
  const [link = ""] = (await gateway.ok(args)).split("\n");
  const madeAt = Date.now();
  const profile = keep(await Profile.open());
  const page = await profile.visit(link);
  await shows(page, "invited");
  await until(() => Date.now() - madeAt > 1_100, "the link's time to pass");
  await press(page);
  await titled(page, "This link has expired");
  expect(await words(page, "cmd-next")).toBe("openclaw devices invite");

  const { origin } = new URL(link);
  const garbage = await profile.visit(`${origin}/#invite=${"A".repeat(43)}`);
  await press(garbage);
  await titled(garbage, "This link is not valid");
  expect(await words(garbage, "lede")).toContain("does not know it");
  await press(garbage);
  await shows(garbage, "waiting");
});
