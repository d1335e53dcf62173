import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { webAppSteps } from "../../scripts/compat/web-app.mjs";
import { webAppFiles } from "../../scripts/compat/web-app-files.mjs";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";
import { Profile } from "./support/profile.ts";

const FETCH_MS = 400_000;

let gateway: GatewayProcess;
let profile: Profile;
let file: string;
let text: string;
beforeAll(async () => {
  const root = await webAppFiles();
  gateway = await GatewayProcess.prepare();
  file = join(gateway.stateDir, "openclaw.json");
  text = `{
  // mine, and it stays
  "gateway": { "name": "home" },
  "dashboard": { "root": ${JSON.stringify(root)} },
  "logging": { "level": "info" }
}
`;
  await writeFile(file, text, { mode: 0o600 });
  await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
  profile = await Profile.open();
}, FETCH_MS);
afterAll(async () => {
  await profile?.close();
  await gateway?.close();
});

test("a setting changed in OpenClaw's web app is saved; the file keeps its comments", async () => {
  const page = await profile.context.newPage();
  const origin = `http://127.0.0.1:${gateway.port}`;
  const stage = {
    page,
    origin,
    secret: PROCESS_TOKEN,
    approve: (code: string) => gateway.ok(["devices", "approve", code]),
    nodeName: "",
    newcomerId: "",
    newcomerIn: async () => {},
  };
  for (const step of webAppSteps.slice(0, 2)) await step.run(stage);
  await page.goto(`${origin}/settings/advanced`);
  const level = page.locator("select:has(option:text-is('debug'))").first();
  await level.selectOption({ label: "debug" });
  const saved = text.replace('"info"', '"debug"');
  await until(async () => (await readFile(file, "utf8")) === saved, "the saved file");
  await page.getByText("Log levels and output configuration").waitFor();
  expect(profile.faults).toEqual([]);
});
