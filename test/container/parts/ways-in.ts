import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { Nginx, renderSite } from "../../kit/nginx.ts";
import { Program } from "../../kit/program.mjs";
import { until } from "../../kit/until.ts";
import { Box, PORT, SERVICE } from "../support/box.ts";
import { CLONE, type Engine, FOLDER } from "../support/engine.ts";

/** Where the visitors of the tests come from. */
const VISITOR = "127.0.0.200";

/** The published port by itself, and behind the proxies of docs/docker.md. */
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
    box.change({ env: { OPENCLAW_GATEWAY_TRUSTED_PROXIES: "" } });
    await box.healthy();
    const proxy = await cameFrom(url);
    expect(proxy).not.toBe(VISITOR);
    for (let visit = 0; visit < 2; visit += 1) await cameFrom(url);
    const { next = "" } = await box.said("PROXY_NOT_TRUSTED");
    const [, named = ""] = /OPENCLAW_GATEWAY_TRUSTED_PROXIES=([^ ,;)]+)/.exec(next) ?? [];
    expect(named, next).toBe(proxy);
    box.change({ env: { OPENCLAW_GATEWAY_TRUSTED_PROXIES: named } });
    await box.healthy();
    expect(await cameFrom(url)).toBe(VISITOR);
  };

  test("the published port, by IPv4 and by IPv6", async () => {
    for (const [publish, hosts] of [
      ["127.0.0.1", ["127.0.0.1", "localhost"]],
      ["[::1]", ["[::1]", "localhost"]],
      ["0.0.0.0", ["127.0.0.1", "10.0.2.100"]],
      ["[::]", ["[::1]"]],
    ] as const) {
      box.change({ env: { OPENCLAW_PUBLISH: publish } });
      await box.healthy();
      for (const host of hosts) {
        const answer = await fetch(`http://${host}:${PORT}/readyz`);
        expect(answer.status, `${publish} by ${host}`).toBe(200);
        const client = await RawClient.open(`ws://${host}:${PORT}`);
        expect(await client.challenge()).toBeDefined();
        client.close();
      }
    }
    box.change({ env: { OPENCLAW_PUBLISH: box.address } });
  });

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
    const caddy = new Program(engine().words(["caddy", "run", "--config", file]));
    try {
      await until(() => fetch("http://127.0.0.1:8082/readyz").catch(() => undefined), "Caddy");
      await trusts("ws://127.0.0.1:8082");
    } finally {
      await caddy.stop();
    }
  });

  test("what Compose makes of the file for Traefik, and a proxy in such a network", async () => {
    const { ok } = engine();
    const env = { OPENCLAW_DOMAIN: "gateway.example.com" };
    const files = ["-f", "compose.yaml", "-f", "compose.traefik.yaml"];
    const text = await engine().ok(["docker", "compose", ...files, "config", "--format", "json"], {
      folder: FOLDER,
      env,
    });
    const service = JSON.parse(text).services[SERVICE];
    expect(service).not.toHaveProperty("ports");
    expect(service.labels).toMatchObject({
      "traefik.enable": "true",
      "traefik.http.routers.openclaw.rule": "Host(`gateway.example.com`)",
      "traefik.http.routers.openclaw.entrypoints": "websecure",
      "traefik.http.services.openclaw.loadbalancer.server.port": String(PORT),
    });
    expect(service.networks).toEqual({ traefik: null });
    void ok;
  });
}

interface Pending {
  readonly pending: readonly { readonly requestId: string; readonly remoteIp?: string }[];
}

/** The first block of code below a heading of docs/docker.md. */
async function block(heading: string): Promise<string> {
  const page = await readFile(new URL("../../../docs/docker.md", import.meta.url), "utf8");
  const [, text = ""] = page.split(`\n### ${heading}\n`)[1]?.match(/```\w*\n([\s\S]*?)```/) ?? [];
  return text;
}
void CLONE;
