import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { get } from "node:https";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { freePort } from "../kit/free-port.mjs";
import { startTestGateway, TEST_TOKEN, type TestGateway } from "../kit/gateway.ts";
import { Nginx, renderSite } from "../kit/nginx.ts";

/** The page of metrics, against what the installer really sets up. */

interface Scrape {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

/** What Prometheus would ask, by each configuration on the page. */
const [behindNginx, onItsPort, ...more] = [
  ...readFileSync("docs/metrics.md", "utf8").matchAll(/```yaml\n([^`]*)```/g),
].map(([, yaml = ""]): Scrape => {
  const [, host = "", port] = /targets: \["([^":]+):(\d+)"\]/.exec(yaml) ?? [];
  return { scheme: /^ +scheme: (\w+)$/m.exec(yaml)?.[1] ?? "http", host, port: Number(port) };
});

/** A port that the installer takes where none is asked for. */
function installersPort(name: "http" | "https"): number {
  const main = readFileSync("deploy/install/main.sh", "utf8");
  return Number(new RegExp(`${name}_port=\\$\\{opt_\\w+:-(\\d+)\\}`).exec(main)?.[1]);
}

let nginx: Nginx;
let gateway: TestGateway | undefined;
beforeEach(async () => {
  nginx = await Nginx.inFolder();
});
afterEach(async () => {
  await nginx.close();
  await gateway?.close();
  gateway = undefined;
});

/** Where a gateway listens with the first configuration that the installer writes. */
async function installed(options: Readonly<Record<string, string>>) {
  const none = join(nginx.folder, "none.json");
  const facts = { opt_no_nginx: "", opt_port: "", public_url: "", config_file: none, ...options };
  const words = Object.entries(facts).map(([name, value]) => `${name}=${value}`);
  // Where nothing was chosen before.
  const port = "forgotten() { :; }; is_named() { return 1; }; choose_port";
  const script = `. deploy/install/steps/config.sh; ${[...words, port].join("; ")}; first_configuration`;
  const path = join(nginx.folder, "openclaw.json");
  await writeFile(path, execFileSync("sh", ["-c", script]));
  const { config, errors } = await loadConfig({ path });
  expect(errors).toEqual([]);
  return config.gateway;
}

test("behind the installer's nginx: by HTTPS, for the gateway itself has no port", async () => {
  const { socket, bind } = await installed({ public_url: "https://gateway.example.com" });
  expect([bind, socket]).toEqual(["none", expect.stringMatching(/^\//)]);
  expect(behindNginx).toEqual({
    scheme: "https",
    host: "gateway.example.com",
    port: installersPort("https"),
  });
  const own = join(nginx.folder, "gateway.sock");
  gateway = await startTestGateway({ flags: { "gateway.socket": own, "gateway.bind": bind } });
  expect(gateway.server.info.listening).toEqual([`unix:${own}`]);
  const [cert, key] = [join(nginx.folder, "cert.pem"), join(nginx.folder, "key.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"];
  const names = ["-subj", "/CN=OpenClaw gateway", "-addext", "subjectAltName=IP:127.0.0.1"];
  const openssl = ["req", "-x509", ...kind, ...names, "-keyout", key, "-out", cert];
  execFileSync("openssl", openssl, { stdio: "ignore" });
  const https = await freePort();
  const ports = [`https=${https}`, `http=${await freePort()}`];
  await nginx.write(await renderSite(`socket=${own}`, `cert=${cert}`, `key=${key}`, ...ports));
  await nginx.start(https);
  // The machine's own certificate, as Prometheus takes it by ca_file.
  const scraped = await new Promise<[number | undefined, string]>((resolve, reject) => {
    const headers = { authorization: `Bearer ${TEST_TOKEN}` };
    const about = { host: "127.0.0.1", port: https, path: "/metrics", ca: readFileSync(cert) };
    get({ ...about, headers }, async (answer) => {
      resolve([answer.statusCode, String(Buffer.concat(await answer.toArray()))]);
    }).on("error", reject);
  });
  expect(scraped).toEqual([200, expect.stringContaining("\nopenclaw_ready 1\n")]);
});

test("without nginx, and from a clone: by its own port on this machine", async () => {
  for (const { socket, bind, port } of [
    await installed({ opt_no_nginx: "1" }),
    (await loadConfig({ path: join(nginx.folder, "none.json") })).config.gateway,
  ]) {
    expect([socket, bind]).toEqual([undefined, "loopback"]);
    expect(onItsPort).toEqual({ scheme: "http", host: "127.0.0.1", port });
  }
  gateway = await startTestGateway();
  const headers = { authorization: `Bearer ${TEST_TOKEN}` };
  const scraped = await fetch(`http://127.0.0.1:${gateway.port}/metrics`, { headers });
  expect([scraped.status, await scraped.text()]).toEqual([
    200,
    expect.stringContaining("\nopenclaw_ready 1\n"),
  ]);
});

test("the page has no other configuration", () => expect(more).toEqual([]));
