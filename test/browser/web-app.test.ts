import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { pairDialogSteps } from "../../scripts/compat/pair-dialog.mjs";
import { webAppSteps } from "../../scripts/compat/web-app.mjs";
import { webAppFiles } from "../../scripts/compat/web-app-files.mjs";
import { decodeSetupCode } from "../../src/protocol/setup-code.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { press, shows } from "./support/page.ts";
import { Profile } from "./support/profile.ts";

const FETCH_MS = 400_000;
const NODE_NAME = "attic-sensor";
const auth = { token: PROCESS_TOKEN };

let gateway: GatewayProcess;
let profile: Profile;
let node: RawClient;
let origin: string;
beforeAll(async () => {
  const root = await webAppFiles();
  gateway = await GatewayProcess.prepare();
  const config = JSON.stringify({ dashboard: { root } });
  await writeFile(join(gateway.stateDir, "openclaw.json"), config);
  await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
  origin = `http://127.0.0.1:${gateway.port}`;
  profile = await Profile.open();
  node = await pairedNode();
}, FETCH_MS);
afterAll(async () => {
  node?.close();
  await profile?.close();
  await gateway?.close();
});
afterEach(() => {
  expect(profile.faults, "violations of the policy, and errors nobody caught").toEqual([]);
});

async function pairedNode(): Promise<RawClient> {
  const device = makeDevice();
  const client = { id: "node-host", mode: "node", displayName: NODE_NAME };
  const options = { device, auth, role: "node", client };
  const first = await RawClient.open(gateway.url);
  const refused = await first.connect(options);
  await gateway.ok(["devices", "approve", refused.error.details.requestId]);
  const second = await RawClient.open(gateway.url);
  expect((await second.connect(options)).ok).toBe(true);
  return second;
}

/** A device that asked to come in as an operator that reads. */
async function newcomer() {
  const device = makeDevice();
  const options = { device, auth, scopes: ["operator.read"] };
  const client = await RawClient.open(gateway.url);
  const { error } = await client.connect(options);
  expect(error.details.code).toBe("PAIRING_REQUIRED");
  return {
    id: device.deviceId,
    letIn: async () => {
      for (;;) {
        const again = await RawClient.open(gateway.url);
        const { ok } = await again.connect(options);
        again.close();
        if (ok) return;
      }
    },
  };
}

/** A phone uses a setup code; the roles that it has then. */
async function phone(code: string): Promise<string[]> {
  const bootstrapToken = decodeSetupCode(code)?.bootstrapToken ?? "";
  const client = await RawClient.open(gateway.url);
  const options = { device: makeDevice(), auth: { bootstrapToken }, role: "node" };
  const { payload } = await client.connect({
    ...options,
    client: { id: "openclaw-android", mode: "node", platform: "android 16" },
  });
  client.close();
  const { role, deviceTokens = [] } = payload.auth;
  return [role, ...deviceTokens.map((one: { role: string }) => one.role)];
}

test("OpenClaw's web app loads, is approved, lists devices and nodes, approves one and pairs by code", async () => {
  const page = await profile.context.newPage();
  const { id, letIn } = await newcomer();
  const stage = {
    page,
    origin,
    secret: PROCESS_TOKEN,
    approve: (code: string) => gateway.ok(["devices", "approve", code]),
    nodeName: NODE_NAME,
    newcomerId: id,
    newcomerIn: letIn,
    publish: (url: string | undefined) =>
      url === undefined
        ? gateway.ok(["config", "unset", "gateway.publicUrl"])
        : gateway.ok(["config", "set", "gateway.publicUrl", url]),
    phone,
  };
  for (const step of [...webAppSteps, ...pairDialogSteps]) {
    await step.run(stage).catch((error) => {
      throw new Error(`${step.name}: ${error.message}`);
    });
  }
});

test("the owner's one-time link pairs a browser beside the web app", async () => {
  const { url } = await gateway.json<{ url: string }>(["devices", "invite"]);
  expect(url).toMatch(new RegExp(`^${origin}/pair/#invite=`));
  const page = await profile.visit(url);
  await shows(page, "invited");
  await press(page);
  await shows(page, "ready");
  // Typed without the last slash it is the same page, with what stands behind the #.
  const again = await profile.visit(url.replace("/pair/#", "/pair#"));
  await shows(again, "ready");
});
