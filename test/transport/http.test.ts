import { describe, expect, test } from "vitest";
import type { BearerVerdict } from "../../src/gateway/bearer.ts";
import type { HttpAnswer } from "../../src/transport/answers.ts";
import { answerHttp, type HttpDeps } from "../../src/transport/http.ts";

const page = { type: "text/html; charset=utf-8", body: Buffer.from("<!doctype html>") };
const script = { type: "text/javascript; charset=utf-8", body: Buffer.from("1") };
const app: HttpAnswer = { status: "200 OK", headers: [["from", "app"]], body: "the app" };
const deps: HttpDeps = {
  page: new Map([
    ["/index.html", page],
    ["/app.js", script],
  ]),
  ready: () => ({ ready: true, failing: [], uptimeMs: 5 }),
  about: () => ({ fingerprint: "AAAA" }),
  webConfig: () => ({ basePath: "" }),
  metrics: async () => ({ type: "text/plain; version=0.0.4", text: "up 1\n" }),
  join: async (code, source) =>
    code === "good"
      ? { ok: true, payload: { url: source, bootstrapToken: "b" } }
      : { ok: false, why: "unknown" },
  authorize: async (what, { secret }) => (secret === `${what}-secret` ? { ok: true } : wrong),
};
const wrong: BearerVerdict = { ok: false, code: "unauthorized", detail: "No.", next: "do it" };

function header(answer: HttpAnswer, name: string): string | undefined {
  return answer.headers.find(([key]) => key === name)?.[1];
}

const json = (answer: HttpAnswer) => JSON.parse(String(answer.body));

type More = { method?: string; authorization?: string; deps?: Partial<HttpDeps> };

async function ask(path: string, more: More = {}): Promise<HttpAnswer> {
  const { method = "get", authorization = "" } = more;
  const request = { method, path, authorization, source: "192.0.2.1" };
  const all = { ...request, hookToken: "", acceptEncoding: "", ifNoneMatch: "" };
  return answerHttp(all, { ...deps, ...more.deps });
}

describe("paths", () => {
  test.each(["/healthz", "/health"])("%s says that it is live", async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe("200 OK");
    expect(json(answer)).toEqual({ ok: true, status: "live" });
    expect(header(answer, "cache-control")).toBe("no-store");
  });

  test.each(["/readyz", "/ready"])("%s says whether it is ready, and what fails", async (path) => {
    expect((await ask(path)).status).toBe("200 OK");
    const ready = () => ({ ready: false, failing: ["draining", "store"], uptimeMs: 5 });
    const answer = await ask(path, { deps: { ready } });
    expect(answer.status).toBe("503 Service Unavailable");
    expect(header(answer, "content-type")).toBe("application/problem+json");
    const { failing, detail, cure, status } = json(answer);
    expect({ failing, status }).toEqual({ failing: ["draining", "store"], status: 503 });
    expect(detail).toBe("The gateway is not ready: draining, store.");
    expect(cure).toBe("openclaw status");
  });

  test("/gateway.json says what the page may show before it is connected", async () => {
    expect(json(await ask("/gateway.json"))).toEqual({ fingerprint: "AAAA" });
  });

  test.each(["/", "/chat", "/settings/devices", "/pair", "/pair/"])(
    "%s is the page",
    async (path) => {
      const answer = await ask(path);
      expect(answer).toMatchObject({ status: "200 OK", body: page.body });
      expect(header(answer, "cache-control")).toBe("no-cache");
    },
  );

  test("a file is itself, with its type", async () => {
    expect(header(await ask("/app.js"), "content-type")).toBe("text/javascript; charset=utf-8");
  });

  test.each(["/none.js", "/api", "/api/x", "/../package.json", "/%2e%2e/x.json"])(
    "%s is not found, and says so as a problem",
    async (path) => {
      const answer = await ask(path);
      expect(answer.status).toBe("404 Not Found");
      expect(header(answer, "content-type")).toBe("application/problem+json");
      const said = { type: "about:blank", title: "Not Found", status: 404, code: "not-found" };
      expect(json(answer)).toMatchObject({ ...said, detail: expect.stringMatching(/\.$/) });
    },
  );
});

describe("with a web app", () => {
  const webRoot = { answer: async () => app } as unknown as NonNullable<HttpDeps["webRoot"]>;
  const get = (path: string) => ask(path, { deps: { webRoot } });

  test("the app has every path but the gateway's own", async () => {
    for (const path of ["/", "/settings/devices", "/assets/a.js", "/app.js", "/pairing"]) {
      expect([path, (await get(path)).body]).toEqual([path, "the app"]);
    }
    for (const path of ["/healthz", "/readyz", "/metrics", "/gateway.json", "/api/x"]) {
      expect([path, (await get(path)).body]).not.toEqual([path, "the app"]);
    }
  });

  test("the gateway's own page is at /pair/, with its files", async () => {
    expect(await get("/pair/")).toMatchObject({ status: "200 OK", body: page.body });
    expect(await get("/pair/app.js")).toMatchObject({ status: "200 OK", body: script.body });
    const moved = await get("/pair");
    expect([moved.status, header(moved, "location")]).toEqual(["308 Permanent Redirect", "/pair/"]);
  });
});

describe("what needs a secret", () => {
  const paths: [string, string, string][] = [
    ["/metrics", "metrics-secret", "up 1\n"],
    ["/control-ui-config.json", "gateway-secret", '{"basePath":""}'],
    ["/__openclaw/control-ui-config.json", "gateway-secret", '{"basePath":""}'],
    ["/__openclaw__/control-ui-config.json", "gateway-secret", '{"basePath":""}'],
    ["/avatar/main", "gateway-secret", '{"avatarUrl":null}'],
  ];

  test.each(paths)("%s is given to who shows it and to nobody else", async (path, secret, body) => {
    const given = await ask(path, { authorization: `Bearer ${secret}` });
    expect([given.status, given.body]).toEqual(["200 OK", body]);
    expect(header(given, "cache-control")).toBe("no-store");
    for (const authorization of ["", "Bearer", "Bearer x", secret, `Basic ${secret}`]) {
      const answer = await ask(path, { authorization });
      expect([authorization, answer.status]).toEqual([authorization, "401 Unauthorized"]);
      expect(header(answer, "www-authenticate")).toMatch(/^Bearer/);
      const error = { message: "Unauthorized", type: "unauthorized" };
      expect(json(answer)).toMatchObject({ status: 401, cure: "do it", error });
    }
  });

  test("who must wait is told how long", async () => {
    const locked = { ...wrong, code: "rate-limited", retryAfterMs: 299_001 };
    const answer = await ask("/metrics", { deps: { authorize: async () => locked } });
    expect(answer.status).toBe("429 Too Many Requests");
    expect(header(answer, "retry-after")).toBe("300");
    const busy = { ...wrong, code: "auth-busy", retryAfterMs: 1000 };
    const later = await ask("/metrics", { deps: { authorize: async () => busy } });
    expect(later.status).toBe("503 Service Unavailable");
  });
});

describe("verbs", () => {
  test("HEAD is answered like GET", async () => {
    expect((await ask("/healthz", { method: "head" })).status).toBe("200 OK");
  });

  test.each(["post", "put", "delete", "options"])(
    "%s is not allowed, and says what is",
    async (method) => {
      for (const path of ["/healthz", "/metrics", "/", "/app.js"]) {
        const answer = await ask(path, { method });
        expect([path, answer.status]).toEqual([path, "405 Method Not Allowed"]);
        expect(header(answer, "allow")).toBe("GET, HEAD");
      }
      expect((await ask("/api/x", { method })).status).toBe("404 Not Found");
      expect((await ask("/v1/models", { method })).status).toBe("401 Unauthorized");
    },
  );
});

test("every answer carries the strict policy and forbids frames and sniffing", async () => {
  for (const path of ["/", "/healthz", "/none.js", "/app.js", "/gateway.json", "/metrics"]) {
    const answer = await ask(path);
    const policy = header(answer, "content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(header(answer, "x-content-type-options")).toBe("nosniff");
    expect(header(answer, "x-frame-options")).toBe("DENY");
    expect(header(answer, "referrer-policy")).toBe("no-referrer");
  }
});

describe("join addresses", () => {
  test("hand their code to whoever may have it, and never to a cache", async () => {
    const answer = await ask("/j/good");
    expect(json(answer)).toEqual({ url: "192.0.2.1", bootstrapToken: "b" });
    expect(header(answer, "cache-control")).toBe("no-store");
    expect((await ask("/j/bad")).status).toBe("404 Not Found");
    // They are in front of a web app's own paths.
    const webRoot = { answer: async () => app } as unknown as NonNullable<HttpDeps["webRoot"]>;
    expect((await ask("/j/bad", { deps: { webRoot } })).status).toBe("404 Not Found");
    expect((await ask("/join", { deps: { webRoot } })).body).toBe("the app");
  });

  test.each(["head", "post"])("%s uses none up", async (method) => {
    const join: HttpDeps["join"] = async () => {
      throw new Error("used up");
    };
    const answer = await ask("/j/good", { method, deps: { join } });
    expect(answer.status).toBe("405 Method Not Allowed");
  });

  test("say when to come again", async () => {
    const locked = { ok: false, why: "locked", retryAfterMs: 1500 } as const;
    const wait = await ask("/j/good", { deps: { join: async () => locked } });
    expect([wait.status, header(wait, "retry-after")]).toEqual(["429 Too Many Requests", "2"]);
    const full = { ok: false, why: "not-stored" } as const;
    const later = await ask("/j/good", { deps: { join: async () => full } });
    expect(later.status).toBe("503 Service Unavailable");
    expect(json(later)).toMatchObject({ code: "state-not-writable", cure: expect.any(String) });
  });
});
