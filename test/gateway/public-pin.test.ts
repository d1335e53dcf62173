import { afterEach, expect, test } from "vitest";
import { decodeSetupCode } from "../../src/protocol/setup-code.ts";
import type { Frame } from "../kit/client.ts";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";

const PIN = "ab".repeat(32);
const there = { "gateway.publicUrl": "https://192.0.2.7:8443", "gateway.publicPin": PIN };

let gateway: TestGateway;
afterEach(() => gateway.close());

const pinOf = (made: Frame) => decodeSetupCode(made.setupCode)?.tlsFingerprint;

test("links for nodes, setup codes and the status carry the certificate of gateway.publicPin", async () => {
  gateway = await startTestGateway({ flags: there });
  const link = await gateway.host<Frame>("device.pair.invite", { role: "node" });
  expect(link.url).toMatch(new RegExp(`#invite=[\\w-]+&pin=${PIN}$`));
  expect(pinOf(link)).toBe(PIN);
  expect(pinOf(await gateway.host<Frame>("device.pair.setupCode", {}))).toBe(PIN);
  const status = await gateway.host<Frame>("status", {});
  expect(status.gateway.pagePin).toBe(PIN);
});

test("a browser's link and a code for another address carry none", async () => {
  gateway = await startTestGateway({ flags: there });
  const link = await gateway.host<Frame>("device.pair.invite", { role: "operator", scopes: [] });
  expect(link.url).toMatch(/#invite=[\w-]+$/);
  const publicUrl = "https://gateway.example.com";
  expect(pinOf(await gateway.host<Frame>("device.pair.setupCode", { publicUrl }))).toBeUndefined();
});

test("an address without TLS has no certificate", async () => {
  gateway = await startTestGateway({
    flags: { ...there, "gateway.publicUrl": "http://10.0.0.7:8080" },
  });
  const link = await gateway.host<Frame>("device.pair.invite", { role: "node" });
  expect(link.url).not.toContain("pin=");
});
