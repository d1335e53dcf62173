import { expect, test } from "vitest";
import { GatewayProcess } from "../kit/process.ts";
import { closing } from "./support/closing.ts";
import { code, press, shows, titled, words } from "./support/page.ts";
import { OTHER_NAME, Profile } from "./support/profile.ts";

const keep = closing();

/** A gateway with a page under a name on plain HTTP, which browsers call insecure. */
async function insecure(known: boolean): Promise<{ gateway: GatewayProcess; url: string }> {
  const gateway = keep(await GatewayProcess.start());
  const url = `http://${OTHER_NAME}:${gateway.port}`;
  if (known) await gateway.ok(["config", "set", "gateway.publicUrl", url]);
  return { gateway, url };
}

async function opened(url: string) {
  return keep(await Profile.open()).visit(url);
}

test("where the browser has no crypto.subtle, a browser pairs through the fallback key and keeps it", async () => {
  const { gateway, url } = await insecure(true);
  const page = await opened(url);
  expect(await page.evaluate(() => [isSecureContext, typeof crypto.subtle])).toEqual([
    false,
    "undefined",
  ]);
  await gateway.ok(["devices", "approve", await code(page)]);
  await shows(page, "ready");
  const key = await words(page, "device-fp");
  await page.reload();
  await shows(page, "ready");
  expect(await words(page, "device-fp")).toBe(key);
  const stored = await page.evaluate(() => Object.keys(localStorage).sort());
  expect(stored).toEqual([
    `openclaw-device-seed ws://${OTHER_NAME}:${gateway.port}/`,
    `openclaw-grant ws://${OTHER_NAME}:${gateway.port}/`,
  ]);
});

test("the owner's names for the gateway and for ssh are shown", async () => {
  const { gateway, url } = await insecure(true);
  await gateway.ok(["config", "set", "gateway.name", "attic"]);
  const page = await opened(url);
  const shown = await code(page);
  const approve = `openclaw devices approve ${shown}`;
  expect(await words(page, "cmd-ssh")).toBe(`ssh root@${OTHER_NAME} ${approve}`);
  expect(await words(page, "ends")).toContain("attic 0.");
  await gateway.ok(["config", "set", "gateway.sshTarget", "me@attic.example.com"]);
  await page.reload();
  await page.locator("#cmd-ssh", { hasText: "me@attic.example.com" }).waitFor();
  expect(await words(page, "cmd-ssh")).toBe(`ssh me@attic.example.com ${approve}`);
  // A key that only approves needs the code alone; the name is the one in the address bar.
  await gateway.ok(["config", "set", "gateway.ssh.account", "openclaw"]);
  await page.reload();
  await page.locator("#cmd-ssh", { hasText: "openclaw@" }).waitFor();
  expect(await words(page, "cmd-ssh")).toBe(`ssh openclaw@${OTHER_NAME} approve ${shown}`);
  await gateway.ok(["devices", "approve", shown]);
  await shows(page, "ready");
  expect(await words(page, "peers")).toContain("attic");
});

test.each([
  ["docker exec gateway openclaw", "docker exec gateway openclaw"],
  // Where things are installed is not for whoever opens the page.
  ["node /srv/gateway/dist/index.js", "openclaw"],
])("where %s is typed on the gateway's machine, strangers read %s", async (typed, command) => {
  const gateway = keep(await GatewayProcess.start({ env: { OPENCLAW_COMMAND: typed } }));
  await gateway.ok(["config", "set", "gateway.sshTarget", "me@attic.example.com"]);
  const page = await opened(`http://127.0.0.1:${gateway.port}/`);
  const approve = `${command} devices approve ${await code(page)}`;
  expect(await words(page, "cmd-host")).toBe(approve);
  expect(await words(page, "cmd-ssh")).toBe(`ssh me@attic.example.com ${approve}`);
  const unknown = await opened(`http://${OTHER_NAME}:${gateway.port}/`);
  await shows(unknown, "stopped");
  const allow = `${command} config set gateway.publicUrl http://${OTHER_NAME}:${gateway.port}`;
  expect(await words(unknown, "cmd-next")).toBe(allow);
});

test("the owner's link works there with one press", async () => {
  const { gateway, url } = await insecure(true);
  const [link = ""] = (await gateway.ok(["devices", "invite", "--scopes", "owner"])).split("\n");
  expect(link.startsWith(`${url}/#invite=`)).toBe(true);
  const page = await opened(link);
  await press(page);
  await shows(page, "ready");
});

test("under a name that the gateway does not know, the page gives the exact cure, and the cure works", async () => {
  const { gateway, url } = await insecure(false);
  const page = await opened(url);
  await titled(page, "This address is not allowed yet");
  const cure = await words(page, "cmd-next");
  expect(cure).toContain(url);
  const [program, ...args] = shellWords(cure);
  expect(program).toBe("openclaw");
  await gateway.ok(args);
  await press(page);
  await gateway.ok(["devices", "approve", await code(page)]);
  await shows(page, "ready");
});

/** The words of a command line as a shell takes them, as far as single quotes go. */
function shellWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
}

for (const secure of [true, false]) {
  const where = secure ? "on a secure origin" : "on plain HTTP, where there is no clipboard object";
  test(`each Copy button puts exactly its command on the clipboard ${where}`, async () => {
    const { gateway, url } = await insecure(!secure);
    // The name in the address bar is no machine that another computer could reach.
    if (secure) await gateway.ok(["config", "set", "gateway.sshTarget", "root@attic.example.com"]);
    const profile = keep(await Profile.open());
    const page = await profile.visit(secure ? `http://127.0.0.1:${gateway.port}/` : url);
    const shown = await code(page);
    expect(await page.evaluate(() => isSecureContext)).toBe(secure);
    for (const name of ["host", "ssh"]) {
      const command = await words(page, `cmd-${name}`);
      expect(command).toContain(shown);
      await page.bringToFront();
      await page.click(`#copy-${name}`);
      await page.locator(`#copy-${name}`, { hasText: "Copied" }).waitFor();
      expect(await profile.pasted()).toBe(command);
    }
    await gateway.ok(["devices", "reject", shown]);
    await shows(page, "stopped");
  });
}
