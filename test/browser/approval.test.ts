import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keyWords } from "../../src/words/key.ts";
import { builtProgram } from "../kit/build.ts";
import { startTestGateway } from "../kit/gateway.ts";
import { GatewayProcess } from "../kit/process.ts";
import { HandWorld } from "../kit/world.ts";
import { closing } from "./support/closing.ts";
import { code, lines, press, shows, titled, words } from "./support/page.ts";
import { Profile } from "./support/profile.ts";
import { views } from "./support/views.ts";

const keep = closing();
let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(() => gateway?.close());

/** What the page says of who asks, in the words of the owner's terminal. */
async function factsOn(page: Page) {
  await page.waitForSelector("#scopes li");
  const [kind, from] = (await words(page, "asker")).split(", from ");
  const [own = ""] = await lines(page, "#ends li");
  return {
    Code: await words(page, "code"),
    Device: own.split("\n")[0],
    Kind: kind,
    From: from,
    Key: await words(page, "device-fp"),
    Gateway: await words(page, "gateway-fp"),
  };
}

/** The facts of `openclaw devices show`, by their labels. */
async function factsInTerminal(shown: string): Promise<Record<string, string>> {
  const printed = await gateway.ok(["devices", "show", shown]);
  // In a pipe nothing is wrapped: a label and the first line that belongs to it.
  const rows = [...printed.matchAll(/^(\S(?: ?\S)*) {2,}(.+)$/gm)];
  return Object.fromEntries(rows.map(([, label = "", text = ""]) => [label, text]));
}

/** The cells of a request in `openclaw devices list`, and the key that stands below them. */
async function cellsInList(shown: string): Promise<string[]> {
  const printed = (await gateway.ok(["devices", "list"])).split("\n");
  const head = printed.find((line) => line.startsWith("  CODE")) ?? "";
  const starts = ["CODE", "DEVICE", "ASKS FOR", "FROM"].map((title) => head.indexOf(title));
  const from = printed.findIndex((line) => line.startsWith(`  ${shown}`));
  const key = printed.findIndex((line, i) => i > from && line.trim().startsWith("key "));
  const cells = starts.map((start, i) =>
    printed
      .slice(from, key)
      .map((line) => line.slice(start, starts[i + 1]).trim())
      .join(" ")
      .trim(),
  );
  return [...cells, printed[key]?.trim() ?? ""];
}

interface Listed {
  readonly pending: readonly { readonly requestId: string; readonly deviceId: string }[];
  readonly paired: readonly { readonly deviceId: string }[];
}

const listed = () => gateway.json<Listed>(["devices", "list"]);
const address = () => `http://127.0.0.1:${gateway.port}/`;

/** A browser that nobody invited, with its page. */
async function stranger(): Promise<Page> {
  const profile = keep(await Profile.open());
  return profile.visit(address());
}

/** A browser that the owner approved. */
async function approved(): Promise<Page> {
  const page = await stranger();
  await gateway.ok(["devices", "approve", await code(page)]);
  await shows(page, "ready");
  return page;
}

/** The rights on the page, each with the mark beside it. */
async function rightsOn(page: Page): Promise<string[][]> {
  const rows = await lines(page, "#scopes li");
  return rows.map((row) => row.split(/\s*\n\s*|\s*(?=(?:approved|new|may be left out)$)/));
}

test("a browser without a link shows its code, the command, both keys and the time left", async () => {
  const page = await stranger();
  const shown = await code(page);
  expect(shown).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  expect(await words(page, "cmd-host")).toBe(`openclaw devices approve ${shown}`);
  // Here the address bar says localhost, which is no place for another computer to reach.
  expect(await page.locator("#cmd-ssh").count()).toBe(0);
  expect(await words(page, "expires")).toMatch(/(29|30) min/);
  expect(await words(page, "wait")).toContain("Waiting for approval");
  expect(await rightsOn(page)).toEqual([
    ["see chats and devices"],
    ["send messages and run the agent"],
    ["run commands on nodes", "may be left out"],
  ]);
  expect(await page.locator("#status").textContent()).toContain(shown);
  const { pending } = await listed();
  const request = pending.find(({ requestId }) => requestId === shown);
  expect(await words(page, "device-fp")).toBe(keyWords(request?.deviceId ?? ""));
  expect(await words(page, "ends")).toContain("OpenClaw 0.");
  const { fingerprint } = await gateway.json<{ fingerprint: string }>(["gateway", "status"]);
  expect(await words(page, "gateway-fp")).toBe(fingerprint);
});

test("the page, the list and the card say the same of who asks, in the same words", async () => {
  const page = await stranger();
  const shown = await code(page);
  const facts = await factsOn(page);
  expect(facts).toMatchObject({ Device: "Chrome on Linux", From: "127.0.0.1" });
  expect(facts.Kind).toMatch(/^browser, Linux/);
  expect(facts.Key).toMatch(/^[a-z]{4}(-[a-z]{4}){7}$/);
  const card = await factsInTerminal(shown);
  expect(card).toMatchObject({ ...facts, Device: `“${facts.Device}”` });
  const { origin } = new URL(address());
  expect(await gateway.ok(["devices", "show", shown])).toContain(`on the page at ${origin}\n`);
  expect(await lines(page, "#ends li:first-child span")).toContain(`at ${origin}`);
  const rights = (await rightsOn(page))
    .map(([words, mark]) => (mark === undefined ? words : `${words} (${mark})`))
    .join(", ");
  expect(card["Asks for"]).toBe(`operator: ${rights}`);
  const { requestId } = await gateway.json<{ requestId: string }>(["devices", "show", shown]);
  expect(requestId).toBe(shown);
  const [, device, asks, from, key] = await cellsInList(shown);
  const { Device, Kind, Key, From } = facts;
  expect(device).toBe(`${Device} ${Kind} at ${origin}`);
  expect(key).toBe(`key ${Key}`);
  expect(asks).toBe(`operator: ${rights}`);
  expect(from).toBe(`${From} just now`);
  await gateway.ok(["devices", "reject", shown]);
});

test("a device that asks for more is shown with what is new, on the page and in the terminal", async () => {
  const profile = keep(await Profile.open());
  const page = await views["waiting for more"]?.({ gateway, profile });
  if (!page) throw new Error("no such view");
  const facts = await factsOn(page);
  expect(await rightsOn(page)).toEqual([
    ["see chats and devices", "approved"],
    ["send messages and run the agent", "new"],
    ["run commands on nodes", "may be left out"],
  ]);
  const card = await factsInTerminal(facts.Code);
  const fresh = "send messages and run the agent, run commands on nodes (may be left out)";
  expect(card).toMatchObject({
    ...facts,
    Device: `“${facts.Device}”`,
    "Has now": "operator: see chats and devices",
    "Would have": `operator: see chats and devices, ${fresh}`,
    New: `operator: ${fresh}`,
  });
  const [, , asks] = await cellsInList(facts.Code);
  expect(asks).toContain(`(paired already; new: operator: ${fresh})`);
  await gateway.ok(["devices", "approve", facts.Code]);
  await shows(page, "ready");
  expect(await lines(page, "#scopes li")).toEqual([
    "see chats and devices",
    "send messages and run the agent",
    "run commands on nodes",
  ]);
});

test("once approved, the page goes on by itself, and a reload comes back without asking", async () => {
  const page = await stranger();
  const shown = await code(page);
  await gateway.ok(["devices", "approve", shown]);
  const exitAt = performance.now();
  await shows(page, "ready");
  console.log(
    `from the end of the command to the connected page: ${(performance.now() - exitAt).toFixed(0)} ms`,
  );
  expect(await words(page, "notice")).toContain("Approved");
  const before = await listed();
  await page.reload();
  await shows(page, "ready");
  expect(await page.locator("#notice").count()).toBe(0);
  const after = await listed();
  expect(after.pending).toEqual(before.pending);
  expect(after.paired.length).toBe(before.paired.length);
});

test("a browser that was closed and opened again is still the same device", async () => {
  const profile = keep(await Profile.open());
  const page = await profile.visit(address());
  await gateway.ok(["devices", "approve", await code(page)]);
  await shows(page, "ready");
  const key = await words(page, "device-fp");
  // The start of its id finds it in the owner's list.
  const [, id = ""] = (await words(page, "asker")).split(" ID ");
  expect((await listed()).paired.some(({ deviceId }) => deviceId.startsWith(id))).toBe(true);
  expect(id).toHaveLength(12);
  await profile.reopen();
  const again = await profile.visit(address());
  await shows(again, "ready");
  expect(await words(again, "device-fp")).toBe(key);
});

test("a rejected request says so, and asking again makes a new code", async () => {
  const page = await stranger();
  const shown = await code(page);
  await gateway.ok(["devices", "reject", shown]);
  await titled(page, "The owner rejected this request");
  await press(page);
  expect(await code(page)).not.toBe(shown);
});

test("a removed browser says so, and asking again makes a new code that works", async () => {
  const page = await approved();
  const key = (await words(page, "device-fp")).replaceAll("-", " ");
  await gateway.ok(["devices", "remove", key]);
  await titled(page, "This browser was removed");
  expect(await words(page, "lede")).toContain("owner");
  await press(page);
  await gateway.ok(["devices", "approve", await code(page)]);
  await shows(page, "ready");
});

test("a browser removed while it was away learns it when it comes back", async () => {
  const page = await approved();
  const key = (await words(page, "device-fp")).replaceAll("-", " ");
  await page.goto("about:blank");
  await gateway.ok(["devices", "remove", key]);
  await page.goto(address());
  await code(page);
  expect(await words(page, "notice")).toContain("earlier approval");
});

test("two tabs of one browser are one device: the newest waits, and both can be in", async () => {
  const page = await stranger();
  const shown = await code(page);
  const second = await page.context().newPage();
  await second.goto(address());
  expect(await code(second)).toBe(shown);
  await titled(page, "Another tab is asking");
  await gateway.ok(["devices", "approve", shown]);
  await shows(second, "ready");
  // What the one was granted lets the other in, without a press.
  await shows(page, "ready");
});

test.each([
  ["closed", (page: Page) => page.close()],
  // The tab is gone without a word.
  ["crashed", (page: Page) => page.goto("chrome://crash").catch(() => undefined)],
])("a tab that stepped back goes on when the other one is %s", async (_how, end) => {
  const page = await keep(await Profile.open()).context.newPage();
  // A clock wound by hand would be one for all tabs, and needs them all alive.
  await page.addInitScript(() => {
    const { setInterval: real } = window;
    window.setInterval = ((run: () => void, ms = 0) => {
      Object.assign(window, { tick: run });
      return real(run, ms);
    }) as typeof setInterval;
  });
  await page.goto(address());
  const shown = await code(page);
  const second = await page.context().newPage();
  await second.goto(address());
  await titled(page, "Another tab is asking");
  await end(second);
  for (const _ of ["who is there", "nobody"]) {
    await page.evaluate(() => (window as unknown as { tick(): void }).tick());
  }
  expect(await code(page)).toBe(shown);
  await gateway.ok(["devices", "reject", shown]);
});

test("a request that nobody answered in time says so, and asking again makes a new code", async () => {
  const pageFolder = join(dirname(await builtProgram()), "dashboard");
  const world = new HandWorld();
  const pendingMs = 20_000;
  const short = keep(await startTestGateway({ pageFolder, world, limits: { pendingMs } }));
  const profile = keep(await Profile.open());
  const page = await profile.visit(`http://127.0.0.1:${short.port}/`);
  const shown = await code(page);
  expect(await words(page, "expires")).toMatch(/Expires in \d+ s/);
  world.advance(pendingMs + 1_000);
  await titled(page, "The request expired");
  await press(page);
  expect(await code(page)).not.toBe(shown);
});
