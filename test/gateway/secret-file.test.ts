import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeDevice, pairAndConnect } from "../kit/client.ts";
import { instantHasher, startTestGateway, TEST_TOKEN } from "../kit/gateway.ts";

test("a new token whose old one stays in the file all the same ends what it says it ends", async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "secret-file-"));
  const file = join(stateDir, "openclaw.json");
  await writeFile(file, JSON.stringify({ gateway: { auth: { token: TEST_TOKEN } } }), {
    mode: 0o600,
  });
  let edits = false;
  // The file is edited while the hash is being made: it can't be written then.
  const hash = async (secret: string) => {
    if (edits) await appendFile(file, " ");
    return instantHasher.hash(secret);
  };
  const gateway = await startTestGateway({
    stateDir,
    token: null,
    hasher: { ...instantHasher, hash },
  });
  try {
    const device = makeDevice();
    const auth = { token: TEST_TOKEN };
    const { client } = await pairAndConnect(gateway, { device, auth, scopes: ["operator.read"] });
    edits = true;
    const renewing = gateway.host("host.token.new", { revokeDerived: true, force: true });
    await expect(renewing).rejects.toThrow();
    const { pairing } = gateway.core.documents;
    expect(pairing.durable.revokingDerived).toBeUndefined();
    const { tokens } = pairing.durable.devices.get(device.deviceId) ?? {};
    expect(tokens?.operator?.revokedAtMs).toBeDefined();
    expect((await client.end()).code).toBe(4001);
    const lines = await gateway.core.audit.read({ limit: 3 });
    expect(lines.map(({ event }) => event)).toEqual([
      "secret.set",
      "change.failed",
      "tokens.revoked",
    ]);
  } finally {
    await gateway.close();
    await rm(stateDir, { recursive: true, force: true });
  }
});
