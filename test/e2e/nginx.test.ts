import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDevice, RawClient } from "../support/client.ts";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../support/gateway.ts";

const conf = new URL("../../nginx/openclaw-gateway.conf", import.meta.url);

let folder: string;
let gateway: TestGateway;
let nginx: ChildProcess;
let port: number;

/** The configuration as shipped; only the socket, the port and the name are the test's. */
async function startNginx(): Promise<void> {
  const socket = join(folder, "gateway.sock");
  const shipped = (await readFile(conf, "utf8"))
    .replace("unix:/run/openclaw-gateway/public/gateway.sock", `unix:${socket}`)
    .replace("listen 80;", `listen 127.0.0.1:${port};`)
    .replace("server_name gateway.example.com;", "server_name gateway.test;");
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const main = [
    "daemon off;",
    "user root;",
    "worker_processes 1;",
    `pid ${folder}/nginx.pid;`,
    `error_log ${folder}/error.log;`,
    "events { worker_connections 256; }",
    `http { ${temp.join(" ")} ${shipped} }`,
  ];
  await writeFile(join(folder, "nginx.conf"), main.join("\n"));
  nginx = spawn("nginx", ["-c", join(folder, "nginx.conf"), "-e", join(folder, "start.log")], {
    stdio: "inherit",
  });
  const deadline = Date.now() + 10_000;
  while (!(await accepts(port))) {
    if (Date.now() > deadline) throw new Error("nginx does not listen");
  }
}

function accepts(at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => setTimeout(resolve, 20, false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nginx-test-"));
  port = await freePort();
  gateway = await startTestGateway({
    flags: {
      "gateway.socket": join(folder, "gateway.sock"),
      "gateway.publicUrl": `http://gateway.test:${port}`,
    },
  });
  await startNginx();
});

afterAll(async () => {
  const gone = new Promise((resolve) => nginx.once("close", resolve));
  nginx.kill("SIGTERM");
  await gone;
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

const auth = { token: TEST_TOKEN };

test("a device pairs through the shipped nginx configuration and answers requests", async () => {
  const device = makeDevice();
  const options = { device, auth, scopes: ["operator.read"] };
  const first = await RawClient.open(`ws://127.0.0.1:${port}/`);
  const refused = await first.connect(options);
  await gateway.host("device.pair.approve", { requestId: refused.error.details.requestId });
  const client = await RawClient.open(`ws://127.0.0.1:${port}/`);
  expect((await client.connect(options)).ok).toBe(true);
  expect((await client.request("health")).payload.ok).toBe(true);
});

test("the address shown is nginx's view of the client, whatever the client claims", async () => {
  const device = makeDevice();
  const headers = { "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.9" };
  const client = await RawClient.open(`ws://127.0.0.1:${port}/`, { headers });
  const refused = await client.connect({ device, auth, scopes: ["operator.read"] });
  const { requestId } = refused.error.details;
  const shown = await gateway.host<{ remoteIp: string }>("device.pair.show", { requestId });
  expect(shown.remoteIp).toBe("127.0.0.1");
});

test("nobody behind nginx is taken for local: a device-less command line gets no scopes", async () => {
  const client = await RawClient.open(`ws://127.0.0.1:${port}/`, {
    headers: { host: "localhost" },
  });
  const hello = await client.connect({
    auth,
    scopes: ["operator.admin"],
    client: { id: "cli", mode: "cli" },
  });
  expect(hello.payload.auth.scopes).toEqual([]);
});

test("a page under the public name may connect, one under another name may not", async () => {
  const browser = { client: { id: "openclaw-control-ui", mode: "webchat" }, auth };
  const connectFrom = async (origin: string) => {
    const host = new URL(origin).host;
    const client = await RawClient.open(`ws://127.0.0.1:${port}/`, { headers: { origin, host } });
    return client.connect({ ...browser, device: makeDevice() });
  };
  const own = await connectFrom(`http://gateway.test:${port}`);
  expect(own.error.details.code).toBe("PAIRING_REQUIRED");
  const other = await connectFrom(`http://elsewhere.test:${port}`);
  expect(other.error.details.code).toBe("CONTROL_UI_ORIGIN_NOT_ALLOWED");
});
