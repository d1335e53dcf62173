import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import { freePort } from "../kit/free-port.mjs";
import { MailServer } from "../kit/mail-server.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { type Received, Receiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";

// Every example of docs/notifications.md is run as it stands there, line by line, by a shell. Only
// places are others: folders, and where the services are.
const page = readFileSync(new URL("../../docs/notifications.md", import.meta.url), "utf8");
const blocks = new Map(
  [...page.matchAll(/<!-- example: ([\w-]+) -->\n```\w+\n(.*?)\n```/gs)].map(
    ([, name = "", text = ""]) => [name, text],
  ),
);

let folder: string;
let receiver: Receiver;
let gateway: GatewayProcess;
/** More places that are others. */
let places: Record<string, string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "notify-examples-"));
  receiver = await Receiver.open();
  gateway = await GatewayProcess.prepare();
  // As if the services were where they are in the examples.
  const config = { gateway: { egress: ["127.0.0.1"], name: "home-server" } };
  writeFileSync(join(gateway.stateDir, "openclaw.json"), JSON.stringify(config));
  await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
  places = {
    "/etc/openclaw-gateway": folder,
    " -g openclaw-gateway": "",
    "https://ntfy.sh": receiver.origin,
    "https://ntfy.example.com": receiver.origin,
    "https://hooks.slack.com": receiver.origin,
    "http://127.0.0.1:8000": receiver.origin,
  };
});
afterEach(async () => {
  await gateway.close();
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

function exampleOf(name: string): string {
  const text = blocks.get(name);
  if (text === undefined) throw new Error(`no such example: ${name}`);
  return Object.entries(places).reduce((line, [there, here]) => line.replaceAll(there, here), text);
}

/** Runs an example as root would on the gateway's machine; resolves with what it printed. */
async function follow(name: string): Promise<string> {
  const command = `${process.execPath} ${gateway.program}`;
  const script = exampleOf(name).replace(/^openclaw /gm, `${command} `);
  const { stdout } = await promisify(execFile)("bash", ["-euc", script], { env: gateway.env });
  return stdout;
}

/** A stranger asks; resolves with its code. */
async function stranger(): Promise<string> {
  const client = await RawClient.open(gateway.url);
  const { error } = await client.connect({
    device: makeDevice(),
    auth: { token: PROCESS_TOKEN },
    scopes: ["operator.read"],
    client: { id: "openclaw-tui", displayName: "Kitchen tablet <!channel>", mode: "ui" },
  });
  client.close();
  return error.details.requestId;
}

const TEST_TITLE = "Test of the gateway's webhook";
const TITLE = "A device asks to be let in";

/** What ntfy's server makes of a request. */
function ntfyMessage({ method, path, headers, body }: Received) {
  expect(method).toMatch(/^(POST|PUT)$/);
  const [, topic = ""] = /^\/([-_A-Za-z0-9]{1,64})$/.exec(path) ?? [];
  expect(topic).not.toBe("");
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4096);
  for (const name of ["title", "tags"]) expect(String(headers[name])).toMatch(/^[\x20-\x7e]+$/);
  const { title, tags, priority, email, authorization } = headers;
  return { topic, message: body, title, tags, priority, email, authorization };
}

function expectRequest(text: string, code: string): void {
  expect(text).toContain("“Kitchen tablet ‹!channel›” (terminal app, linux)");
  expect(text).toContain("asks to be operator: see chats and devices");
  expect(text).toMatch(new RegExp(`^code ${code}, key [a-z-]{39}, 29 min left$`, "m"));
  expect(text).toMatch(new RegExp(`^openclaw devices approve ${code}$`, "m"));
  expect(text).toMatch(/^Gateway home-server, fingerprint [a-z-]{39}/m);
}

test("ntfy's public server, with a topic that nobody guesses", async () => {
  const printed = await follow("ntfy-public");
  expect(printed).toContain(`${receiver.origin} took the test message: status 200`);
  const tested = ntfyMessage(await receiver.request(1));
  expect(tested.topic).toMatch(/^gateway-[0-9a-f]{24}$/);
  expect(tested).toMatchObject({ title: TEST_TITLE, tags: "key" });
  const code = await stranger();
  const told = ntfyMessage(await receiver.request(2));
  expect(told).toMatchObject({ topic: tested.topic, title: TITLE, priority: undefined });
  expectRequest(told.message, code);
  expect(gateway.output).not.toContain(tested.topic);
});

test("ntfy on a server of one's own, and its mail", async () => {
  await follow("ntfy-own");
  const own = { authorization: "Bearer tk_replace_this", priority: "high", topic: "gateway" };
  expect(ntfyMessage(await receiver.request(1))).toMatchObject({ ...own, title: TEST_TITLE });
  await follow("ntfy-mail");
  const mailed = { ...own, email: "owner@example.com" };
  expect(ntfyMessage(await receiver.request(2))).toMatchObject(mailed);
  const code = await stranger();
  const told = ntfyMessage(await receiver.request(3));
  expect(told).toMatchObject({ ...mailed, title: TITLE });
  expectRequest(told.message, code);
});

test.each([
  ["Slack", "/services/T0AAAAAAA/B0AAAAAAA/replace-this-part"],
  ["Mattermost", "/hooks/aaaaaaaaaaaaaaaaaaaaaaaaaa"],
  ["Discord", `/api/webhooks/1234567890/${"a".repeat(68)}/slack`],
])("%s: one text, in a block of code", async (_service, path) => {
  places["/services/T0AAAAAAA/B0AAAAAAA/replace-this-part"] = path;
  await follow("slack");
  const code = await stranger();
  await receiver.request(2);
  expect(receiver.received.map((one) => one.path)).toEqual([path, path]);
  const texts = receiver.received.map(({ headers, body }) => {
    expect(headers["content-type"]).toBe("application/json");
    const { text, ...rest } = JSON.parse(body);
    expect(rest).toEqual({});
    expect(text.length).toBeLessThanOrEqual(2000);
    // What Slack reads as mentions and links, and what would end the block.
    expect(text).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/);
    const [, title, message] = /^(.*)\n```\n(.*)\n```$/s.exec(text) ?? [];
    expect(message).not.toContain("```");
    return { title, message: message ?? "" };
  });
  expect(texts.map(({ title }) => title)).toEqual([TEST_TITLE, TITLE]);
  expectRequest(texts[1]?.message ?? "", code);
  expect(gateway.output).not.toContain(path);
});

test("Apprise API: title, body and a type that it knows", async () => {
  await follow("apprise");
  const code = await stranger();
  await receiver.request(2);
  for (const [at, { path, headers, body }] of receiver.received.entries()) {
    expect([path, headers["content-type"]]).toEqual(["/notify/gateway", "application/json"]);
    const form = JSON.parse(body);
    expect(["info", "success", "warning", "failure"]).toContain(form.type);
    expect(form.title).toBe(at === 0 ? TEST_TITLE : TITLE);
    expect(form.body).not.toBe("");
  }
  expectRequest(JSON.parse(receiver.received[1]?.body ?? "").body, code);
});

test("mail by webhook and msmtp, with the token that it asks for", async () => {
  const mail = await MailServer.open();
  const own = join(folder, "mail");
  const port = await freePort();
  mkdirSync(own);
  Object.assign(places, {
    "/etc/openclaw-mail": own,
    "127.0.0.1:9010": `127.0.0.1:${port}`,
    "-port 9010": `-port ${port}`,
    "apt-get install": "true",
    "useradd --system": "true",
    "chown openclaw-mail:": "true",
    "systemctl enable": "true",
    "smtp.example.com": "127.0.0.1",
    "port 587": `port ${mail.port}`,
    // The server of this test speaks neither.
    "tls on": "tls off",
    "auth on": "auth off",
  });
  let bridge: ChildProcess | undefined;
  try {
    await follow("bridge");
    const unit = join(folder, "openclaw-mail.service");
    writeFileSync(unit, exampleOf("bridge-unit"));
    await promisify(execFile)("systemd-analyze", ["verify", unit]);
    const [, line = ""] = /^ExecStart=(.*)$/m.exec(exampleOf("bridge-unit")) ?? [];
    const [program = "", ...args] = line.split(" ");
    bridge = spawn(program, args, { stdio: "ignore" });
    await until(() => answers(port), "webhook to listen");
    const headers = join(folder, "webhook-headers");
    writeFileSync(headers, "X-Token: wrong\n");
    await expect(follow("bridge-on")).rejects.toThrow("answered 403: it wants other credentials");
    expect(mail.mails).toEqual([]);
    writeFileSync(headers, "X-Token: replace-this-token\n");
    await follow("bridge-on");
    const code = await stranger();
    await until(() => mail.mails.length === 2, "the mail");
    for (const [at, { from, to, headers: head }] of mail.mails.entries()) {
      expect([from, to]).toEqual(["gateway@example.com", ["owner@example.com"]]);
      expect(head["subject"]).toBe(at === 0 ? TEST_TITLE : TITLE);
      expect(head["content-type"]).toBe("text/plain; charset=utf-8");
    }
    expectRequest(mail.mails[1]?.body ?? "", code);
    await mail.close();
    // Nobody takes mail now: the gateway hears of it.
    const refused = await gateway.cli(["notify", "test"]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("answered 500")]);
  } finally {
    bridge?.kill();
    await mail.close();
  }
});

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}

test("every example of the page is run by a test here", () => {
  const source = readFileSync(new URL(import.meta.url), "utf8");
  expect(blocks.size).toBeGreaterThan(6);
  for (const name of blocks.keys()) expect(source).toContain(`"${name}"`);
  const shells = page.match(/^```sh$/gm) ?? [];
  const told = [...blocks.keys()].filter((name) => !name.endsWith("-unit"));
  // The one without a name is the line about gateway.egress.
  expect(shells).toHaveLength(told.length + 1);
});
