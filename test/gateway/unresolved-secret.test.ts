import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";

let gateway: TestGateway | undefined;
afterEach(() => gateway?.close());

test.each(["token", "password"])("a reference is not stored as the %s", async (kind) => {
  gateway = await startTestGateway();
  const before = gateway.core.secretStore.secrets;
  const setting = gateway.host("host.secret.set", { kind, secret: " $SHARED_SECRET\n" });
  await expect(setting).rejects.toMatchObject({
    message: `the ${kind} is a reference, and nothing resolves it here`,
    details: { code: "UNRESOLVED_SECRET" },
  });
  expect(gateway.core.secretStore.secrets).toEqual(before);
});

test("a reference in the metrics token's file opens nothing, and is said once", async () => {
  const stateDir = await import("node:fs/promises").then((fs) => fs.mkdtemp("/tmp/unresolved-"));
  const tokenFile = join(stateDir, "metrics-token");
  await writeFile(tokenFile, "%METRICS_TOKEN%\n");
  gateway = await startTestGateway({ stateDir, flags: { "metrics.tokenFile": tokenFile } });
  const { port } = gateway;
  const scrape = (token: string) =>
    fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  for (let times = 0; times < 2; times += 1)
    expect((await scrape("%METRICS_TOKEN%")).status).toBe(401);
  expect((await scrape(TEST_TOKEN)).status).toBe(200);
  const said = gateway.log.filter(({ message }) => message.includes("metrics.tokenFile"));
  expect(said).toMatchObject([{ level: "warn", facts: { file: tokenFile } }]);
});
