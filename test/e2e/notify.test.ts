import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { FindingRow } from "../../src/cli/commands/doctor/verdict.ts";
import type { Result } from "../../src/cli/reach/gateway.ts";

type GatewayStatus = Result<"status">;

import { makeDevice, RawClient, type TestDevice } from "../kit/client.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { certificate, Receiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";

const SECRET = "s3cr3t-topic";

let folder: string;
let trusted: string;
let receiver: Receiver;
let gateway: GatewayProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "notify-e2e-"));
  const own = await certificate("IP:127.0.0.1");
  trusted = join(folder, "ca.pem");
  writeFileSync(trusted, own.cert);
  receiver = await Receiver.open(own);
});
afterEach(async () => {
  await gateway.close();
  receiver.received.length = 0;
  receiver.answer = (_received, response) => response.end();
});
afterAll(async () => {
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(env: Record<string, string> = { NODE_EXTRA_CA_CERTS: trusted }) {
  gateway = await GatewayProcess.prepare({ env });
  const urlFile = join(gateway.stateDir, "webhook-url");
  writeFileSync(urlFile, `${receiver.origin}/${SECRET}\n`, { mode: 0o600 });
  const config = {
    gateway: { egress: ["127.0.0.1"], trustedProxies: ["127.0.0.1"] },
    notify: { webhook: { urlFile } },
  };
  writeFileSync(join(gateway.stateDir, "openclaw.json"), JSON.stringify(config), { mode: 0o600 });
  await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
}

/** Asks as a device behind a proxy does; resolves with the code. */
async function ask(device: TestDevice, address = "203.0.113.7"): Promise<string> {
  const headers = { "x-forwarded-for": address };
  const client = await RawClient.open(gateway.url, { headers });
  const auth = { token: PROCESS_TOKEN };
  const { error } = await client.connect({ device, auth, scopes: ["operator.read"] });
  client.close();
  return error.details.requestId;
}

const notify = async () => {
  const { gateway: own } = await gateway.json<GatewayStatus>(["status"]);
  return own.notify;
};

const told = (at: number) => JSON.parse(receiver.received[at]?.body ?? "{}");

test("a device asks and the webhook is told; its retries are no news; a crowd is one message", async () => {
  await start();
  const device = makeDevice();
  const code = await ask(device);
  for (let retry = 0; retry < 3; retry += 1) expect(await ask(device)).toBe(code);
  await receiver.request(1);
  expect(told(0).requests).toMatchObject([{ requestId: code, address: "203.0.113.7" }]);
  for (let at = 0; at < 60; at += 1) await ask(makeDevice(), `198.51.100.${at % 6}`);
  expect(await ask(device)).toBe(code);
  const rest = () => receiver.received.slice(1).map((_one, at) => told(at + 1));
  const sum = (messages: { requests: object[]; more: number }[]) =>
    messages.reduce((all, { requests, more }) => all + requests.length + more, 0);
  await until(() => sum(rest()) >= 60, "all to be told");
  // One, unless this machine took longer than ten seconds for them.
  expect(receiver.received.length).toBeLessThanOrEqual(4);
  expect(sum(rest())).toBe(60);
  const { requests } = told(1);
  expect(requests.length).toBeLessThanOrEqual(5);
  const addresses = requests.map(({ address }: { address: string }) => address);
  expect(new Set(addresses).size).toBe(requests.length);
  const sent = receiver.received.length;
  const merged = rest().reduce((all, { more }) => all + more, 0);
  expect(merged).toBeGreaterThanOrEqual(45);
  await until(async () => (await notify())?.counts.sent === sent, "the messages to count");
  expect(await notify()).toMatchObject({
    configured: true,
    waiting: 0,
    counts: { sent, failed: 0, merged, dropped: 0 },
    last: { ok: true, to: receiver.origin, status: 200 },
  });
  const metrics = await fetch(`http://127.0.0.1:${gateway.port}/metrics`, {
    headers: { authorization: `Bearer ${PROCESS_TOKEN}` },
  });
  const rows = (await metrics.text()).split("\n");
  for (const row of [
    `openclaw_notify_messages_total{outcome="sent"} ${sent}`,
    'openclaw_notify_messages_total{outcome="failed"} 0',
    `openclaw_notify_requests_total{outcome="merged"} ${merged}`,
    `openclaw_limit_reached_total{limit="notify-merged"} ${merged}`,
    "openclaw_notify_waiting 0",
  ]) {
    expect(rows).toContain(row);
  }
});

test("a webhook that never answers holds up nobody, and no stop", async () => {
  await start();
  receiver.answer = () => {};
  const code = await ask(makeDevice());
  await receiver.request(1);
  const device = makeDevice();
  const other = await ask(device);
  await gateway.ok(["devices", "approve", code]);
  await gateway.ok(["devices", "approve", other]);
  const client = await RawClient.open(gateway.url);
  const auth = { token: PROCESS_TOKEN };
  expect((await client.connect({ device, auth, scopes: ["operator.read"] })).ok).toBe(true);
  expect(receiver.received).toHaveLength(1);
  expect(await gateway.stop()).toBe(0);
});

test("what fails is named by status, doctor and the test, and the URL is nowhere", async () => {
  await start({});
  const tested = await gateway.cli(["notify", "test"]);
  expect([tested.code, tested.stdout]).toEqual([1, ""]);
  expect(tested.stderr).toContain(`openclaw: ${receiver.origin}: self-signed certificate`);
  expect(tested.stderr).toContain(`next: curl -sSo /dev/null ${receiver.origin}`);
  await ask(makeDevice());
  await until(async () => (await notify())?.counts.failed === 1, "a message that failed");
  const status = await gateway.ok(["status"]);
  expect(status).toMatch(/^Webhook +failed just now: .*self-signed certificate, 1 request still/m);
  const findings: FindingRow[] = JSON.parse((await gateway.cli(["doctor", "--json"])).stdout);
  const found = Object.fromEntries(findings.map(({ id, level }) => [id, level]));
  expect(found).toMatchObject({
    "notify.files": "ok",
    "notify.egress": "ok",
    "notify.delivery": "warn",
  });
  expect(receiver.received).toEqual([]);
  const shown = [tested, status, findings, await notify(), gateway.output];
  shown.push(await gateway.ok(["config", "get"]), await gateway.ok(["logs", "--json"]));
  expect(JSON.stringify(shown)).not.toContain(SECRET);
  expect(gateway.output).toContain("NOTIFY_TLS");
});
