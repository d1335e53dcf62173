import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { callOnce } from "../../docs/examples/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { until } from "../kit/until.ts";

let gateway: TestGateway;
let folder: string;

beforeEach(async () => {
  gateway = await startTestGateway();
  folder = await mkdtemp(join(tmpdir(), "example-"));
});
afterEach(async () => {
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

test("the example waits for approval, calls a method, and comes back with its key alone", async () => {
  const file = join(folder, "device.json");
  const codes: string[] = [];
  const first = await callOnce({
    url: gateway.url,
    token: TEST_TOKEN,
    file,
    method: "health",
    waiting: (code, command) => {
      codes.push(code);
      expect(command).toBe(`openclaw devices approve ${code}`);
      void gateway.host("device.pair.approve", { requestId: code });
    },
  });
  expect(first).toMatchObject({ ok: true });
  expect(codes).toHaveLength(1);
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  const waiting = () => expect.fail("a paired device does not wait");
  const again = await callOnce({ url: gateway.url, file, method: "status", waiting });
  expect(again).toMatchObject({ gateway: { store: { ok: true } } });
});

test("the example says why it can't wait: a wrong token is no way to ask", async () => {
  const call = callOnce({
    url: gateway.url,
    token: "not-the-token",
    file: join(folder, "device.json"),
    method: "health",
    waiting: () => expect.fail("a wrong token asks for nothing"),
  });
  await expect(call).rejects.toThrow("gateway token mismatch");
});

test("the example says why it is not connected where nothing answers, and tries again", async () => {
  const { url, port } = gateway;
  await gateway.close();
  const failures: string[] = [];
  const call = callOnce({
    url,
    token: TEST_TOKEN,
    file: join(folder, "device.json"),
    method: "health",
    waiting: (code) => void gateway.host("device.pair.approve", { requestId: code }),
    failed: (message) => failures.push(message),
  });
  await until(() => failures[0], "a try that failed");
  gateway = await startTestGateway({ flags: { "gateway.port": port } });
  expect(await call).toMatchObject({ ok: true });
  expect(failures[0]).toContain("ECONNREFUSED");
});

test("the example names the version of the client that it was tested with", async () => {
  const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");
  const { dependencies } = JSON.parse(await read("package.json"));
  const name = "@openclaw/gateway-client";
  expect(await read("docs/examples/client.ts")).toContain(`${name}@${dependencies[name]}`);
});
