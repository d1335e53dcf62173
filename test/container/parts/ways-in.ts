import { writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { Nginx, renderSite } from "../../kit/nginx.ts";
import { Program } from "../../kit/program.mjs";
import { until } from "../../kit/until.ts";
import { Box, PORT, SERVICE } from "../support/box.ts";
import { block, page } from "../support/docs.ts";
import { type Engine, FOLDER } from "../support/engine.ts";

/** Where the visitors of the tests come from. */
const VISITOR = "127.0.0.200";

/** The port that the compose file publishes; it wants the port of all addresses for itself. */
export function publishedPort(engine: () => Engine): void {
  test("the published port, by IPv4, by IPv6 and at another number", async () => {
    const own = new Box(engine(), "ports");
    try {
      for (const [publish, hosts] of [
        ["127.0.0.1", ["127.0.0.1", "localhost"]],
        ["0.0.0.0", ["127.0.0.1", ownAddress()]],
        ["[::1]", ["[::1]"]],
        ["[::]", ["[::1]"]],
      ] as const) {
        own.change({ env: { OPENCLAW_PUBLISH: publish } });
        await own.healthy();
        for (const host of hosts) {
          const answer = await fetch(`http://${host}:${PORT}/readyz`);
          expect(answer.status, `${publish} by ${host}`).toBe(200);
          const client = await RawClient.open(`ws://${host}:${PORT}`);
          expect(await client.challenge()).toHaveProperty("nonce");
          client.close();
        }
      }
      const port = "18791";
      const url = `http://localhost:${port}`;
      const env = { OPENCLAW_PUBLISH: "127.0.0.1", OPENCLAW_PUBLISH_PORT: port };
      own.change({ env: { ...env, OPENCLAW_GATEWAY_PUBLIC_URL: url } });
      await own.healthy();
      expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
      expect(await own.openclaw(["devices", "invite"])).toContain(`${url}/#invite=`);
    } finally {
      await own.down();
    }
  });
}

/** The gateway behind the proxies of docs/docker.md. */
export function waysIn(engine: () => Engine): void {
  let box: Box;
  beforeAll(async () => {
    box = new Box(engine(), "ways");
    await box.healthy();
  });
  afterAll(() => box?.down());

  /** Asks to be let in at `url`; resolves with where the gateway says that it was asked from. */
  const cameFrom = async (url: string, options = { localAddress: VISITOR }): Promise<string> => {
    const device = makeDevice();
    const client = await RawClient.open(url, options);
    const answer = await client.connect({ device, caps: ["pairing-wait"] });
    const code: string = answer.error.details.requestId;
    const { pending } = await box.json<Pending>(["devices", "list"]);
    await box.openclaw(["devices", "reject", code]);
    client.close();
    return pending.find(({ requestId }) => requestId === code)?.remoteIp ?? "";
  };

  /** Visits through a proxy until the log names it, does what it says, and visits again. */
  const trusts = async (url: string): Promise<void> => {
    await box.openclaw(["config", "set", "gateway.trustedProxies", "[]"]);
    const proxy = await cameFrom(url);
    expect(proxy).not.toBe(VISITOR);
    for (let visit = 0; visit < 2; visit += 1) await cameFrom(url);
    const { next = "" } = await box.said("PROXY_NOT_TRUSTED");
    const [line = ""] = /docker compose exec .*? config set \S+ '.*?'/.exec(next) ?? [];
    expect(line, next).toContain(proxy);
    await box.typed(line);
    expect(await cameFrom(url)).toBe(VISITOR);
  };

  test("nginx on the machine", async () => {
    const words = (await block("nginx")).match(/\w+=\S+/g) ?? [];
    expect(words).toContain("address=127.0.0.1:18789");
    const nginx = await Nginx.inFolder();
    try {
      const site = await renderSite("http=8081", `address=${box.address}:${PORT}`);
      await nginx.write(site);
      await nginx.start(8081);
      await trusts("ws://127.0.0.1:8081");
    } finally {
      await nginx.close();
    }
  });

  test("Caddy on the machine", async () => {
    const site = (await block("Caddy"))
      .replace("gateway.example.com", "http://127.0.0.1:8082")
      .replace(`127.0.0.1:${PORT}`, `${box.address}:${PORT}`);
    const file = "/root/Caddyfile";
    await writeFile(engine().path(file), `{\n\tadmin off\n}\n${site}`);
    const caddy = new Program(engine().words(["caddy", "run", "--config", file]), { group: true });
    try {
      const up = () =>
        fetch("http://127.0.0.1:8082/readyz").then(
          ({ ok }) => ok,
          () => false,
        );
      await until(up, () => `Caddy: ${caddy.output}`);
      await trusts("ws://127.0.0.1:8082");
    } finally {
      await caddy.stop();
    }
  });

  test("what Compose makes of the file for Traefik, and a proxy in such a network", async () => {
    const env = { OPENCLAW_DOMAIN: "gateway.example.com" };
    const files = ["-f", "compose.yaml", "-f", "compose.traefik.yaml"];
    const config = ["docker", "compose", ...files, "config", "--format", "json"];
    const text = await engine().ok(config, { folder: FOLDER, env });
    const service = JSON.parse(text).services[SERVICE];
    expect(service).not.toHaveProperty("ports");
    expect(service.networks).toEqual({ traefik: null });
    expect(service.labels).toMatchObject({
      "traefik.enable": "true",
      "traefik.http.routers.openclaw.rule": "Host(`gateway.example.com`)",
      "traefik.http.routers.openclaw.entrypoints": "websecure",
      "traefik.http.services.openclaw.loadbalancer.server.port": String(PORT),
    });
    const proxy = await proxyIn("traefik", engine());
    const own = new Box(engine(), "traefik", { env, files: ["compose.traefik.yaml"] });
    try {
      await own.healthy();
      const answer = await fetch(`http://127.0.0.1:${proxy.port}/readyz`);
      expect(answer.status).toBe(200);
      const link = await own.openclaw(["devices", "invite"]);
      expect(link).toMatch(/^https:\/\/gateway\.example\.com\/#invite=/);
      const [, inspect = ""] = /`(docker network inspect .*?)`/.exec(await page()) ?? [];
      const subnet = (await engine().ok(["sh", "-c", inspect])).trim();
      own.change({ env: { OPENCLAW_GATEWAY_TRUSTED_PROXIES: subnet } });
      await own.healthy();
      const trusted = await own.openclaw(["config", "get", "gateway.trustedProxies"]);
      expect(JSON.parse(trusted)).toEqual([expect.stringMatching(/^[\d.]+\/\d+$/)]);
    } finally {
      await own.down();
      await proxy.close();
    }
  });
}

/** Caddy in a container on a network of this name; it sends all to the gateway that joins it. */
async function proxyIn(network: string, engine: Engine) {
  const port = 8083;
  const folder = "/root/proxy";
  await engine.ok(["mkdir", "-p", folder]);
  await engine.ok(["cp", "/usr/bin/caddy", folder]);
  const lines = ["FROM openclaw-gateway", "COPY caddy /usr/local/bin/caddy"];
  await writeFile(engine.path(`${folder}/Dockerfile`), lines.join("\n"));
  await engine.ok(["docker", "build", "--quiet", "--tag", "proxy", folder]);
  await engine.ok(["docker", "network", "create", network]);
  const to = ["caddy", "reverse-proxy", "--from", ":8080", "--to", `${SERVICE}:${PORT}`];
  const place = ["--network", network, "--publish", `127.0.0.1:${port}:8080`];
  await engine.ok(["docker", "run", "--detach", "--name", "proxy", ...place, "proxy", ...to]);
  const close = async () => {
    await engine.ok(["docker", "rm", "--force", "proxy"]);
    await engine.ok(["docker", "network", "rm", network]);
  };
  return { port, close };
}

/** An IPv4 address of this machine that is not its loopback's. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((rows) => rows ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "";
}

interface Pending {
  readonly pending: readonly { readonly requestId: string; readonly remoteIp?: string }[];
}
