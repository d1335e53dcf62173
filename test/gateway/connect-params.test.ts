import { expect, test } from "vitest";
import { type ConnectParams, deviceTextOf } from "../../src/gateway/connect-params.ts";
import { limitTable } from "../../src/limits/table.ts";

test("clientTextChars: no text that a client says about itself is kept with more characters", () => {
  const long = "📱".repeat(limitTable.clientTextChars.value + 1);
  const client = { id: "cli", mode: "cli", displayName: long, platform: long, deviceFamily: long };
  const peer = {
    address: long,
    source: "",
    host: "",
    origin: long,
    directLocal: false,
    directLoopback: false,
  };
  const {
    clientId: _,
    clientMode: _1,
    ...texts
  } = deviceTextOf({ client } as unknown as ConnectParams, peer);
  expect(Object.keys(texts)).toHaveLength(5);
  for (const [name, text] of Object.entries(texts)) {
    expect([...text].length, name).toBeLessThanOrEqual(limitTable.clientTextChars.value);
  }
});
