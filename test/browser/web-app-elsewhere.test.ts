import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seen } from "../../scripts/compat/web-app.mjs";
import { webAppFiles } from "../../scripts/compat/web-app-files.mjs";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { OTHER_NAME, Profile } from "./support/profile.ts";

const FETCH_MS = 400_000;

let gateway: GatewayProcess;
let profile: Profile;
let elsewhere: Server;
beforeAll(async () => {
  const root = await webAppFiles();
  gateway = await GatewayProcess.start();
  profile = await Profile.open();
  elsewhere = createServer(async ({ url = "/" }, answer) => {
    const path = new URL(url, "http://here").pathname;
    const file = path === "/" ? "index.html" : path;
    const body = await readFile(join(root, file)).catch(() => undefined);
    const type = /\.html$/.test(file) ? "text/html" : /\.m?js$/.test(file) ? "text/javascript" : "";
    const kind = /\.css$/.test(file) ? "text/css" : type;
    answer.writeHead(body ? 200 : 404, kind ? { "content-type": kind } : {}).end(body);
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
}, FETCH_MS);
afterAll(async () => {
  elsewhere?.closeAllConnections();
  elsewhere?.close();
  await profile?.close();
  await gateway?.close();
});

const CODE = /openclaw devices approve ([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})/;

/** Opens the app under `host` and switches it to the gateway. */
async function openUnder(host: string) {
  const { port } = elsewhere.address() as AddressInfo;
  const page = await profile.context.newPage();
  const url = encodeURIComponent(gateway.url);
  await page.goto(`http://${host}:${port}/?gatewayUrl=${url}#token=${PROCESS_TOKEN}`);
  await page.getByRole("button", { name: /^Switch to / }).click();
  return page;
}

test("OpenClaw's own web app from another port of this machine is approved as any page, and connects", async () => {
  const page = await openUnder("127.0.0.1");
  await seen(page, CODE);
  const { pending } = await gateway.json<Listed>(["devices", "list"]);
  expect(pending).toMatchObject([{ clientId: "openclaw-control-ui" }]);
  await gateway.ok(["devices", "approve", pending[0]?.requestId ?? ""]);
  await seen(page, /^Connected$/);
  const { paired } = await gateway.json<Listed>(["devices", "list"]);
  expect(paired).toMatchObject([{ connected: true, clientId: "openclaw-control-ui" }]);
});

test("under a name that is not this machine's it is refused by its origin, and asks for nothing", async () => {
  const page = await openUnder(OTHER_NAME);
  await seen(page, /origin not allowed/i);
  expect((await gateway.json<Listed>(["devices", "list"])).pending).toEqual([]);
  await page.close();
});

interface Listed {
  readonly pending: readonly { readonly requestId: string; readonly clientId?: string }[];
  readonly paired: readonly { readonly connected: boolean; readonly clientId?: string }[];
}
