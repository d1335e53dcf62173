import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { version } from "../../src/lib/version.ts";
import { OPENCLAW_VERSION, PROTOCOL_PACKAGE } from "../../src/protocol/versions.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { admittedConnect } from "../kit/wire.ts";

/** Clients compare these with OpenClaw's own releases, so what they get must be one of them. */

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

test("the package of the protocol is the one that is installed, exactly", () => {
  const name = "@openclaw/gateway-protocol";
  expect(JSON.parse(read("package.json")).dependencies[name]).toBe(PROTOCOL_PACKAGE);
  const lock = JSON.parse(read("package-lock.json"));
  expect(lock.packages[`node_modules/${name}`].version).toBe(PROTOCOL_PACKAGE);
});

test("the version that is followed is a plain release, not older than the package, and the one that is tried", () => {
  expect(OPENCLAW_VERSION).toMatch(/^20\d\d\.\d{1,2}\.\d{1,3}$/);
  const [followed, pinned] = [OPENCLAW_VERSION, PROTOCOL_PACKAGE].map((one) =>
    one
      .split(".")
      .map((part) => part.padStart(4, "0"))
      .join("."),
  );
  expect(String(followed) >= String(pinned)).toBe(true);
  expect(/^openclaw=(\S+)$/m.exec(read("scripts/compat.sh"))?.[1]).toBe(OPENCLAW_VERSION);
});

test("clients are told it wherever they look for OpenClaw's, and ours beside it", async () => {
  const { hello } = await admittedConnect(gateway, { auth: { token: TEST_TOKEN } });
  expect(hello.server).toMatchObject({ version: OPENCLAW_VERSION, gatewayVersion: version });
  const status = await gateway.host("status");
  expect(status).toMatchObject({ runtimeVersion: OPENCLAW_VERSION, gateway: { version } });
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/control-ui-config.json`, {
    headers: { authorization: `Bearer ${TEST_TOKEN}` },
  });
  expect(await answer.json()).toMatchObject({
    serverVersion: OPENCLAW_VERSION,
    gatewayVersion: version,
  });
});
