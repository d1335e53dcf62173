import { expect, test } from "vitest";
import type { ConfigStore } from "../../src/config/service.ts";
import { reachOf } from "../../src/methods/reach.ts";

function reach(bind: string, listening: string[] = [], publicUrl?: string) {
  const gateway = { bind, port: 18789, auth: { mode: "password" }, publicUrl };
  const config = { current: { gateway }, started: { gateway } };
  return reachOf(config as unknown as ConfigStore, listening);
}

test.each(["loopback", "none", "127.0.0.7", "::1"])("%s is reached by nobody else", (bind) => {
  expect(reach(bind, ["http://127.0.0.1:18789"])).toEqual({ secretKind: "password" });
});

test.each([
  ["192.168.1.5", ["http://192.168.1.5:4711"], "ws://192.168.1.5:4711"],
  ["192.168.1.5", [], "ws://192.168.1.5:18789"],
  ["fd12::7", ["unix:/run/x.sock", "http://[fd12::7]:18789"], "ws://[fd12::7]:18789"],
])("an address that it listens on is its own: %s %j", (bind, listening, url) => {
  expect(reach(bind, listening).own).toEqual({ url, source: `gateway.bind=${bind}` });
});

test.each(["lan", "0.0.0.0"])("%s is the machine's private address, where it has one", (bind) => {
  const { own } = reach(bind, ["http://0.0.0.0:4711"]);
  if (own) expect(own.url).toMatch(/^ws:\/\/(10|172|192)\.[\d.]+:4711$/);
});

test("the public URL stands beside it", () => {
  expect(reach("loopback", [], "https://gw")).toMatchObject({ publicUrl: "https://gw" });
});
