// OpenClaw's web app, served by our gateway, in Chromium.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { makeDevice } from "../../../test/kit/device.mjs";
import { login } from "../../../test/kit/wire-client.mjs";
import { must } from "../judge.mjs";
import { pairDialogSteps } from "../pair-dialog.mjs";
import { until } from "../processes.mjs";
import { TOKEN } from "../stage.mjs";
import { webAppSteps } from "../web-app.mjs";
import { inArea } from "./row.mjs";

const CHROMIUM = "/usr/bin/chromium";
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"];

/** What the steps of the web app work with, made once. @param {import("../stage.mjs").Stage} stage */
async function webStage(stage) {
  if (stage.found.web) return stage.found.web;
  must(stage.found.nodeName, "no node is connected");
  must(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install -y chromium`);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  stage.closers.push(() => browser.close());
  stage.versions.push(`Chromium ${browser.version()}`);
  const context = await browser.newContext({ locale: "en-US" });
  const newcomer = await asks(stage);
  stage.found.web = {
    page: watched(await context.newPage(), stage),
    origin: `http://127.0.0.1:${stage.port}`,
    secret: TOKEN,
    approve: (/** @type {string} */ code) => stage.ours("devices", "approve", code),
    nodeName: stage.found.nodeName,
    newcomerId: newcomer.id,
    newcomerIn: () => until(newcomer.isIn, "the device that waited is let in"),
    publish: (/** @type {string | undefined} */ url) => publish(stage, url),
    phone: (/** @type {string} */ code) => phone(stage, code),
  };
  return stage.found.web;
}

/** Keeps what a page must never cause: violations of its policy, and errors nobody caught. */
function watched(page, stage) {
  stage.found.faults = [];
  page.on("pageerror", ({ message }) => stage.found.faults.push(`uncaught: ${message}`));
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) stage.found.faults.push(message.text());
  });
  return page;
}

/** A device that asks for approval. @param {import("../stage.mjs").Stage} stage */
async function asks(stage) {
  const device = makeDevice();
  const connect = async () => {
    const as = { device, auth: { token: TOKEN }, mode: "ui" };
    const { wire, response } = await login({ port: stage.port }, as);
    wire.socket.destroy();
    return response.ok;
  };
  await connect();
  return { id: device.deviceId, isIn: connect };
}

/** @param {import("../stage.mjs").Stage} stage @param {string | undefined} url */
export async function publish(stage, url) {
  const key = "gateway.publicUrl";
  await (url === undefined
    ? stage.ours("config", "unset", key)
    : stage.ours("config", "set", key, url));
}

/** A phone uses a setup code; the roles that it has then. @param {import("../stage.mjs").Stage} stage */
async function phone(stage, /** @type {string} */ code) {
  const { bootstrapToken } = JSON.parse(Buffer.from(code, "base64url").toString());
  const as = { device: makeDevice(), auth: { bootstrapToken }, mode: "node", role: "node" };
  const { wire, response } = await login({ port: stage.port }, as);
  wire.socket.destroy();
  must(response.ok, `the phone was refused: ${response.error?.message}`);
  const { role, deviceTokens = [] } = response.payload.auth;
  return [role, ...deviceTokens.map((/** @type {{ role: string }} */ one) => one.role)];
}

export const webAppRows = inArea("Web app (dist/control-ui, through dashboard.root)", [
  ...[...webAppSteps, ...pairDialogSteps].map(({ name, judged, run }) => [
    `web app: ${name}`,
    judged,
    async (stage) => run(await webStage(stage)),
  ]),
  [
    "web app: its console",
    "no violation of the page's security policy, no error that nobody caught",
    async (stage) => {
      must(stage.found.web, "the app did not start");
      must(stage.found.faults.length === 0, stage.found.faults.join("; "));
    },
  ],
]);
