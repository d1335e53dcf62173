import { describe, expect, test } from "vitest";
import { answerHttp, type HttpAnswer, type HttpDeps } from "../../src/transport/http.ts";

const page = { type: "text/html; charset=utf-8", body: Buffer.from("<!doctype html>") };
const script = { type: "text/javascript; charset=utf-8", body: Buffer.from("1") };
const deps: HttpDeps = {
  files: new Map([
    ["/index.html", page],
    ["/app.js", script],
  ]),
  ready: () => ({ ready: true, failing: [], uptimeMs: 5 }),
  about: () => ({ fingerprint: "AAAA" }),
};

function header(answer: HttpAnswer, name: string): string | undefined {
  return answer.headers.find(([key]) => key === name)?.[1];
}

const get = (path: string, more: Partial<HttpDeps> = {}) =>
  answerHttp("get", path, { ...deps, ...more });

describe("paths (protocol page, section 7)", () => {
  test.each(["/healthz", "/health"])("%s says that it is live", (path) => {
    const answer = get(path);
    expect(answer.status).toBe("200 OK");
    expect(JSON.parse(String(answer.body))).toEqual({ ok: true, status: "live" });
    expect(header(answer, "cache-control")).toBe("no-store");
  });

  test.each(["/readyz", "/ready"])("%s says whether it is ready", (path) => {
    expect(get(path).status).toBe("200 OK");
    const ready = () => ({ ready: false, failing: ["store"], uptimeMs: 5 });
    const answer = get(path, { ready });
    expect(answer.status).toBe("503 Service Unavailable");
    expect(JSON.parse(String(answer.body)).failing).toEqual(["store"]);
  });

  test("/gateway.json says what the page may show before it is connected", () => {
    expect(JSON.parse(String(get("/gateway.json").body))).toEqual({ fingerprint: "AAAA" });
  });

  test.each(["/", "/chat", "/settings/devices"])("%s is the page", (path) => {
    expect(get(path)).toMatchObject({ status: "200 OK", body: page.body });
    expect(header(get(path), "cache-control")).toBe("no-cache");
  });

  test("a file is itself, with its type", () => {
    expect(header(get("/app.js"), "content-type")).toBe("text/javascript; charset=utf-8");
  });

  test.each(["/none.js", "/api", "/api/x", "/v1/models", "/../package.json", "/%2e%2e/x.json"])(
    "%s is not found",
    (path) => {
      expect(get(path)).toMatchObject({ status: "404 Not Found", body: "Not Found" });
    },
  );
});

describe("verbs", () => {
  test("HEAD is answered like GET", () => {
    expect(answerHttp("head", "/healthz", deps).status).toBe("200 OK");
  });

  test.each(["post", "put", "delete", "options"])("%s is not allowed, and says what is", (verb) => {
    const answer = answerHttp(verb, "/healthz", deps);
    expect(answer.status).toBe("405 Method Not Allowed");
    expect(header(answer, "allow")).toBe("GET, HEAD");
    expect(answerHttp(verb, "/", deps).status).toBe("404 Not Found");
  });
});

test("every answer carries the strict policy and forbids frames and sniffing", () => {
  for (const path of ["/", "/healthz", "/none.js", "/app.js", "/gateway.json"]) {
    const answer = get(path);
    const policy = header(answer, "content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(header(answer, "x-content-type-options")).toBe("nosniff");
    expect(header(answer, "x-frame-options")).toBe("DENY");
    expect(header(answer, "referrer-policy")).toBe("no-referrer");
  }
});
