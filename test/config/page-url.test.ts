import { expect, test } from "vitest";
import type { GatewayConfig } from "../../src/config/schema.ts";
import { buildConfig, gatewayName, pageUrl } from "../../src/config/settings.ts";

function config(values: Record<string, unknown> = {}): GatewayConfig {
  return buildConfig(new Map(Object.entries(values)) as Parameters<typeof buildConfig>[0]);
}

const PUBLIC = "gateway.publicUrl";
const ROOT = "dashboard.root";

test.each([
  ["nothing listens yet", {}, [], "http://127.0.0.1:18789/"],
  ["where it listens", {}, ["http://127.0.0.1:4711"], "http://127.0.0.1:4711/"],
  [
    "the first address",
    {},
    ["unix:/run/x", "http://[fd12::7]:1", "http://b:2"],
    "http://[fd12::7]:1/",
  ],
  ["everywhere is the machine's name", {}, ["http://0.0.0.0:4711"], "http://vps:4711/"],
  ["the public URL before all", { [PUBLIC]: "https://gw" }, ["http://b:2"], "https://gw/"],
  ["one slash, not two", { [PUBLIC]: "https://gw/a/" }, [], "https://gw/a/"],
  ["a web app has the root", { [ROOT]: "/srv/app" }, ["http://b:2"], "http://b:2/pair/"],
])("the page's address: %s", (_what, values, listening, url) => {
  expect(pageUrl(config(values), listening, "vps")).toBe(url);
});

test("a gateway without a name goes by the machine's", () => {
  expect(gatewayName(config(), "vps")).toBe("vps");
  expect(gatewayName(config({ "gateway.name": "Attic" }), "vps")).toBe("Attic");
});
