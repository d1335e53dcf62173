import { expect, test } from "vitest";
import { stateLimitTable } from "../../src/limits/state.ts";
import type { Device } from "../../src/pairing/records.ts";
import { startTestGateway } from "../kit/gateway.ts";

function deviceOf(index: number, scopes: readonly string[]): Device {
  return {
    deviceId: `device-${index}`,
    publicKey: "key",
    clientId: "cli",
    clientMode: "cli",
    roles: ["operator"],
    scopes,
    approvedVia: "owner",
    createdAtMs: 1,
    approvedAtMs: 1,
    tokens: { operator: { generation: 1, scopes, createdAtMs: 1, secretEpoch: 0 } },
  };
}

test("a shared secret's end takes all its devices along, however many and however long their records", async () => {
  const gateway = await startTestGateway();
  try {
    const { pairing } = gateway.core.documents;
    // Some have long texts; together they are more than one commit may hold.
    const long = ["x".repeat(30_000)];
    const short = ["operator.read"];
    for (let index = 0; index < 2000; index += 1) {
      const device = deviceOf(index, index % 4 === 0 && index < 400 ? long : short);
      void pairing.commit([{ op: "device", device }]);
    }
    await pairing.commit([{ op: "device", device: deviceOf(2000, short) }]);
    const first = [...pairing.durable.devices.values()].slice(0, 256);
    expect(JSON.stringify(first).length).toBeGreaterThan(stateLimitTable.commitBytes.value);
    const { revoked } = await gateway.host<{ revoked: string[] }>("host.token.new", {
      revokeDerived: true,
    });
    expect(revoked).toHaveLength(2001);
    const live = [...pairing.durable.devices.values()].filter(
      ({ tokens }) => tokens.operator?.revokedAtMs === undefined,
    );
    expect(live).toEqual([]);
  } finally {
    await gateway.close();
  }
});
