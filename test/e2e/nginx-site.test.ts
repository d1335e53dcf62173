import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { proxyLimitTable } from "../../src/limits/nginx.ts";
import { freePort } from "../kit/free-port.mjs";
import { startTestGateway, type TestGateway } from "../kit/gateway.ts";
import { Nginx, renderSite } from "../kit/nginx.ts";
import { until } from "../kit/until.ts";

const old = ["nginx=1.22.1", "openssl=3.0.15"];
const recent = ["nginx=1.26.3", "openssl=3.5.1"];
const tls = ["cert=/etc/ssl/a.pem", "key=/etc/ssl/a.key"];

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

/** A certificate that nobody trusts, in the test's folder. */
function selfSigned(): string[] {
  const [cert, key] = [join(nginx.folder, "cert.pem"), join(nginx.folder, "key.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const to = ["-keyout", key, "-out", cert, "-days", "2"];
  const name = ["-subj", "/CN=gateway.test", "-addext", "subjectAltName=DNS:gateway.test"];
  execFileSync("openssl", ["req", "-x509", ...curve, ...to, ...name], { stdio: "ignore" });
  return [`cert=${cert}`, `key=${key}`];
}

describe("what is rendered", () => {
  test("the shipped example is the renderer's own output", async () => {
    const shipped = await readFile("nginx/openclaw-gateway.conf", "utf8");
    expect(shipped).toBe(await renderSite("name=gateway.example.com", ...old, "ipv6=no"));
  });

  test("each version gets HTTP/2 and curves in the words it knows", async () => {
    const before = await renderSite("name=a.test", ...tls, ...old, "ipv6=yes");
    expect(before).toContain("listen [::]:443 ssl http2;");
    expect(before).not.toContain("http2 on;");
    expect(before).toContain("ssl_ecdh_curve X25519:prime256v1:secp384r1;");
    const now = await renderSite("name=a.test", ...tls, ...recent, "ipv6=yes");
    expect(now).toContain("listen [::]:443 ssl;\n  http2 on;");
    expect(now).toContain("ssl_ecdh_curve X25519MLKEM768:X25519:prime256v1:secp384r1;");
    const edge = await renderSite("name=a.test", ...tls, "nginx=1.25.1", "openssl=3.4.9");
    expect(edge).toContain("http2 on;");
    expect(edge).not.toContain("MLKEM");
  });

  test("browsers are bound to HTTPS only where that was asked for", async () => {
    const site = (...words: string[]) => renderSite("name=a.test", ...tls, ...recent, ...words);
    expect(await site("hsts=yes")).toContain('Strict-Transport-Security "max-age=63072000" always');
    expect(await site()).not.toContain("Strict-Transport-Security");
  });

  test("without a name it answers for every name, once", async () => {
    const site = await renderSite(...tls, ...recent, "ipv6=no");
    expect(site.match(/default_server/g)).toHaveLength(2);
    expect(await renderSite("name=a.test", ...tls, ...recent)).not.toContain("default_server");
  });

  test("it listens at the addresses named, and gives others on the port no HTTP/2 unasked", async () => {
    const at = ["https_at=203.0.113.5 [2001:db8::5]", "http_at=*", "nginx=1.22.1", "openssl=3.0.0"];
    const listens = async (...words: string[]) =>
      (await renderSite("name=a.test", ...tls, ...at, ...words)).match(/listen .*;|http2 on;/g);
    expect(await listens()).toEqual([
      "listen 80;",
      "listen 203.0.113.5:443 ssl http2;",
      "listen [2001:db8::5]:443 ssl http2;",
    ]);
    expect((await listens("http2=no"))?.[1]).toBe("listen 203.0.113.5:443 ssl;");
    expect(await listens("http2=no", "nginx=1.26.0")).toContain("http2 on;");
    // As a site of others may listen at the name of a container.
    expect(await listens("http_at=app_server")).toContain("listen app_server:80;");
  });

  test("the numbers are those of the limits table", async () => {
    const site = await renderSite("name=a.test", ...recent);
    const { nginxConnections, nginxHandshakesPerSecond, nginxHandshakeBurst } = proxyLimitTable;
    expect(site).toContain(`limit_conn openclaw_connections ${nginxConnections.value};`);
    expect(site).toContain(`limit_conn openclaw_requests ${proxyLimitTable.nginxRequests.value};`);
    expect(site).toContain(`rate=${nginxHandshakesPerSecond.value}r/s;`);
    expect(site).toContain(`burst=${nginxHandshakeBurst.value} nodelay;`);
  });

  test.each([
    [2, 768, 192, 48],
    [1, 768, 96, 24],
    [8, 768, 192, 48],
    [1, 16_384, 2_048, 512],
    [1, 4, 1, 1],
  ])(
    "with %d workers of %d connections an address gets %d and %d",
    async (workers, each, ws, plain) => {
      const words = [`workers=${workers}`, `connections=${each}`];
      const site = await renderSite("name=a.test", ...recent, ...words);
      expect(site).toContain(`limit_conn openclaw_connections ${ws};`);
      expect(site).toContain(`limit_conn openclaw_requests ${plain};`);
      expect(site).toContain(`burst=${ws} nodelay;`);
    },
  );

  test.each([
    "name=a;}",
    "name=a\nb",
    "cert=/a b;",
    "http=80;",
    "bogus=1",
    "http_at=*;",
    "https_at=$a",
    "socket=/a$b",
    "workers=2;",
    "connections=x",
  ])("%j is refused: nothing typed can end a directive", async (word) => {
    await expect(renderSite(word, ...recent)).rejects.toMatchObject({ code: 2 });
  });
});

describe("with the nginx that is installed here", () => {
  test("every kind of site is accepted, without a warning", async () => {
    const cert = selfSigned();
    const ports = [`https=${await freePort()}`, `http=${await freePort()}`];
    for (const words of [[], cert, [...cert, "name=a.test b.test", "hsts=yes"]]) {
      await nginx.write(await renderSite(...words, ...ports));
      expect([words, await nginx.check()]).toEqual([words, ""]);
    }
  });

  test("HTTPS serves the gateway; HTTP serves challenges and sends everything else to HTTPS", async () => {
    const socket = join(nginx.folder, "gateway.sock");
    gateway = await startTestGateway({ flags: { "gateway.socket": socket } });
    const [https, http] = [await freePort(), await freePort()];
    const where = [`socket=${socket}`, `https=${https}`, `http=${http}`, `webroot=${nginx.folder}`];
    await nginx.write(await renderSite("name=gateway.test", ...selfSigned(), ...where));
    await nginx.start(https);
    const answer = await new Promise<{ status: number | undefined; hsts: unknown }>(
      (resolve, reject) => {
        const options = { port: https, path: "/healthz", rejectUnauthorized: false };
        request(options, (got) => {
          got.resume();
          resolve({ status: got.statusCode, hsts: got.headers["strict-transport-security"] });
        })
          .on("error", reject)
          .end();
      },
    );
    expect(answer).toEqual({ status: 200, hsts: undefined });
    const moved = await fetch(`http://127.0.0.1:${http}/chat?a=b`, { redirect: "manual" });
    expect([moved.status, moved.headers.get("location")]).toEqual([
      308,
      `https://127.0.0.1:${https}/chat?a=b`,
    ]);
    const none = await fetch(`http://127.0.0.1:${http}/.well-known/acme-challenge/x`);
    expect(none.status).toBe(404);

    const client = new WebSocket(`wss://127.0.0.1:${https}/`, { rejectUnauthorized: false });
    const first = await new Promise<string>((resolve, reject) => {
      client.once("message", (data) => resolve(String(data)));
      client.once("error", reject);
    });
    expect(JSON.parse(first).event).toBe("connect.challenge");
    client.close();
  });

  test("nothing asked for reaches a log, not even when the gateway is away", async () => {
    const http = await freePort();
    const site = await renderSite("name=a.test", `http=${http}`, "socket=/nowhere/gateway.sock");
    await nginx.write(site);
    await nginx.start(http);
    const { status } = await fetch(`http://127.0.0.1:${http}/?token=verysecret`);
    expect(status).toBe(502);
    const logs = ["access.log", "error.log", "start.log"].map((name) =>
      readFile(join(nginx.folder, name), "utf8").catch(() => ""),
    );
    expect((await Promise.all(logs)).join("\n")).not.toContain("verysecret");
  });

  test.each([
    [
      "nginxConnections",
      5,
      [/limit_conn openclaw_connections \d+/, "limit_conn openclaw_connections 5"],
    ],
    ["nginxHandshakesPerSecond", 1, [/rate=\d+r\/s(.*)burst=\d+ nodelay/s, "rate=1r/m$1nodelay"]],
    ["nginxHandshakeBurst", 3, [/rate=\d+r\/s(.*)burst=\d+/s, "rate=1r/m$1burst=2"]],
  ] as const)(
    "%s: whoever is past it from one address gets 429, plain requests do not",
    async (_name, fit, [what, by]) => {
      const socket = join(nginx.folder, "gateway.sock");
      gateway = await startTestGateway({ flags: { "gateway.socket": socket } });
      const http = await freePort();
      const rendered = await renderSite("name=a.test", `http=${http}`, `socket=${socket}`);
      await nginx.write(rendered.replace(what, by));
      await nginx.start(http);
      const clients = Array.from({ length: 8 }, () => new WebSocket(`ws://127.0.0.1:${http}/`));
      const said = await Promise.all(clients.map(answerTo));
      for (const client of clients) client.on("error", () => {}).terminate();
      const all = Array.from({ length: 8 }, (_, at) => (at < fit ? 101 : 429));
      expect(said.sort()).toEqual(all);
      // Plain requests are not counted: the page and the health check stay.
      expect((await fetch(`http://127.0.0.1:${http}/healthz`)).status).toBe(200);
    },
  );
});

test("nginxRequests: whoever has so many requests unanswered from one address gets 429, a handshake does not", async () => {
  const socket = join(nginx.folder, "gateway.sock");
  const waiting: ServerResponse[] = [];
  const upgraded = new Set<Duplex>();
  const behind = createServer((_, answer) => waiting.push(answer)).listen(socket);
  behind.on("upgrade", (_, stream: Duplex) => {
    upgraded.add(stream);
    stream.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  });
  await once(behind, "listening");
  try {
    const http = await freePort();
    const rendered = await renderSite("name=a.test", `http=${http}`, `socket=${socket}`);
    const limit = /limit_conn openclaw_requests \d+/;
    expect(rendered).toMatch(limit);
    await nginx.write(rendered.replace(limit, "limit_conn openclaw_requests 5"));
    await nginx.start(http);
    const said = Array.from({ length: 8 }, async () => {
      const answer = await fetch(`http://127.0.0.1:${http}/healthz`);
      return answer.status;
    });
    const refused: number[] = [];
    for (const one of said) void one.then((status) => refused.push(status));
    await until(
      () => waiting.length + refused.length === said.length,
      "each to be answered or kept",
    );
    expect([waiting.length, refused]).toEqual([5, [429, 429, 429]]);
    expect(await answerTo(new WebSocket(`ws://127.0.0.1:${http}/`))).toBe(403);
    for (const answer of waiting) answer.end("{}");
    expect((await Promise.all(said)).sort()).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  } finally {
    for (const stream of upgraded) stream.destroy();
    behind.closeAllConnections();
    behind.close();
  }
});

/** The HTTP status that a WebSocket's handshake got. */
function answerTo(client: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    client.once("open", () => resolve(101));
    client.once("unexpected-response", (_, answer) => resolve(answer.statusCode ?? 0));
  });
}
