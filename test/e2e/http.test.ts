import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GatewayProcess, PROCESS_TOKEN } from "../kit/process.ts";
import { until } from "../kit/until.ts";

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(() => gateway?.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Asks as is: no redirects, no headers beyond the ones given. */
function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: "127.0.0.1", port: gateway.port, method, path, headers },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      },
    );
    call.on("error", reject);
    call.end();
  });
}

const get = (path: string, headers?: Record<string, string>) => ask("GET", path, headers);

describe("health and readiness", () => {
  test.each(["/healthz", "/health"])("%s says that the process is live", async (path) => {
    const { status, headers, body } = await get(path);
    expect({ status, body: JSON.parse(body) }).toEqual({
      status: 200,
      body: { ok: true, status: "live" },
    });
    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(headers["cache-control"]).toBe("no-store");
  });

  test.each(["/readyz", "/ready"])("%s says that connects are accepted", async (path) => {
    const { status, body } = await get(path);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ ready: true, failing: [], uptimeMs: expect.any(Number) });
  });

  test("HEAD answers with the same headers and no body", async () => {
    const head = await ask("HEAD", "/healthz");
    const full = await get("/healthz");
    expect(head.status).toBe(200);
    expect(head.body).toBe("");
    expect(head.headers["content-length"]).toBe(full.headers["content-length"]);
    expect(head.headers["content-type"]).toBe(full.headers["content-type"]);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("%s is not allowed there", async (method) => {
    for (const path of ["/healthz", "/readyz", "/gateway.json", "/index.html"]) {
      const { status, headers, body } = await ask(method, path);
      const { title } = JSON.parse(body);
      expect([path, status, headers.allow, title]).toEqual([
        path,
        405,
        "GET, HEAD",
        "Method Not Allowed",
      ]);
    }
  });
});

describe("the gateway about itself", () => {
  test("names itself by key and holds no secret", async () => {
    const { status, headers, body } = await get("/gateway.json");
    expect(status).toBe(200);
    expect(headers["cache-control"]).toBe("no-store");
    const about = JSON.parse(body);
    expect(Object.keys(about).sort()).toEqual(["deviceId", "fingerprint", "version"]);
    const ready = gateway.run.log.find((line) => line["fingerprint"] !== undefined);
    expect(about.fingerprint).toBe(ready?.["fingerprint"]);
    expect(about.deviceId).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("the page", () => {
  test.each(["/", "/chat", "/devices", "/pair/", "/settings/devices"])(
    "is served at %s",
    async (path) => {
      const { status, headers, body } = await get(path);
      expect(status).toBe(200);
      expect(headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(headers["cache-control"]).toBe("no-cache");
      expect(body).toContain("<!doctype html>");
    },
  );

  test.each(["/", "/chat", "/settings/devices"])(
    "opened at %s, its files come with their own types and are all that it loads",
    async (page) => {
      const { body } = await get(page);
      const files = [...body.matchAll(/(?:src|href)="([^"]+\.(js|css))"/g)];
      expect(files.length).toBeGreaterThanOrEqual(2);
      for (const [, name = "", kind] of files) {
        const path = new URL(name, `http://gateway${page}`).pathname;
        const { status, headers } = await get(path);
        expect([path, status]).toEqual([path, 200]);
        const type = kind === "js" ? "text/javascript" : "text/css";
        expect(headers["content-type"]).toBe(`${type}; charset=utf-8`);
      }
      expect(body).not.toMatch(/(?:src|href)="https?:/);
      expect(body).not.toMatch(/<script>|style=|onclick=/);
    },
  );

  test("nothing can frame it, sniff it or run in it that is not its own", async () => {
    for (const path of ["/", "/chat", "/healthz", "/gateway.json", "/missing.png"]) {
      const { headers } = await get(path);
      const csp = String(headers["content-security-policy"]);
      expect(csp).toContain("default-src 'none'");
      expect(csp).toContain("script-src 'self'");
      expect(csp).toContain("frame-ancestors 'none'");
      expect(csp).not.toContain("unsafe");
      expect(headers["x-frame-options"]).toBe("DENY");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["referrer-policy"]).toBe("no-referrer");
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });
});

describe("what is not there", () => {
  test.each([
    "/missing.js",
    "/favicon.ico",
    "/api",
    "/api/status",
    "/../package.json",
    "/..%2f..%2fetc%2fpasswd",
    "/index.js",
    "/gateway.journal",
  ])("%s is a 404 as a problem", async (path) => {
    const { status, headers, body } = await get(path);
    const { title } = JSON.parse(body);
    expect([status, headers["content-type"], title]).toEqual([
      404,
      "application/problem+json",
      "Not Found",
    ]);
  });

  test("a POST to an API is a 404", async () => {
    expect((await ask("POST", "/api/hooks")).status).toBe(404);
  });

  test("an interface for programs is a 401 first, and with the secret a 404 that they can read", async () => {
    const headers = { authorization: `Bearer ${PROCESS_TOKEN}` };
    for (const path of ["/v1/models", "/v1/chat/completions", "/hooks/agent", "/tools/invoke"]) {
      for (const method of ["GET", "POST"]) {
        expect([path, (await ask(method, path)).status]).toEqual([path, 401]);
        const { status, body } = await ask(method, path, headers);
        expect([path, status]).toEqual([path, 404]);
        expect(JSON.stringify(JSON.parse(body).error)).toContain("no agent is configured");
      }
    }
  });
});

describe("odd requests", () => {
  test("proxy headers of a stranger change nothing", async () => {
    const headers = { "x-forwarded-for": "203.0.113.7", "x-real-ip": "203.0.113.7" };
    expect((await get("/healthz", headers)).status).toBe(200);
    expect((await get("/", headers)).status).toBe(200);
  });

  test("requests on one connection are answered in turn, HEAD among them", async () => {
    const lines = ["HEAD /", "HEAD /healthz", "GET /missing.js", "GET /healthz"];
    const asked = lines.map((line) => `${line} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join("");
    let text = "";
    const socket = connect(gateway.port, "127.0.0.1");
    socket.setEncoding("utf8").on("data", (more: string) => {
      text += more;
    });
    socket.write(asked);
    await until(
      () => text.endsWith('{"ok":true,"status":"live"}'),
      () => `answers: ${text}`,
    );
    socket.destroy();
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(
      [200, 200, 404, 200].map((status) => `HTTP/1.1 ${status}`),
    );
  });

  test("an upload that is cut off, or that a proxy might read otherwise, changes nothing", async () => {
    const uploads = [
      "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\nhel",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
      `GET / HTTP/1.1\r\nHost: x\r\n${"a: b\r\n".repeat(5_000)}\r\n`,
    ];
    for (const upload of uploads) {
      let status = "";
      const socket = connect(gateway.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.setEncoding("utf8").on("data", (text: string) => {
        status ||= text.slice(0, 12);
      });
      socket.write(upload);
      await until(() => status !== "", "an answer");
      socket.destroy();
      expect(status).toMatch(/^HTTP\/1\.1 4\d\d$/);
      expect((await get("/healthz")).status).toBe(200);
    }
  });

  test("a request that is no HTTP ends its connection and nothing else", async () => {
    const ended = await new Promise<boolean>((resolve) => {
      const socket = connect(gateway.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(true));
      socket.on("data", () => undefined);
      socket.end("\u0000\u0001 this is no request\r\n\r\n");
    });
    expect(ended).toBe(true);
    expect((await get("/healthz")).status).toBe(200);
  });

  test("a query is ignored and a path may be anything", async () => {
    expect((await get("/healthz?verbose=1")).status).toBe(200);
    expect((await get("/?token=x")).body).toContain("<!doctype html>");
    expect((await get(`/${"a".repeat(2_000)}`)).status).toBe(200);
  });
});
