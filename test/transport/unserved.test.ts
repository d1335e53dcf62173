import { describe, expect, test } from "vitest";
import type { BearerVerdict } from "../../src/gateway/bearer.ts";
import { openclaw } from "../../src/protocol/command.ts";
import { say } from "../../src/protocol/text.ts";
import type { HttpAnswer } from "../../src/transport/answers.ts";
import { answerUnserved } from "../../src/transport/unserved.ts";

const SECRET = "right-secret";
const next = say`send it, or make one: ${openclaw`token new`}`;
const wrong: BearerVerdict = { ok: false, code: "unauthorized", detail: "No.", next };

type More = { authorization?: string; hookToken?: string; verdict?: BearerVerdict };

/** Every secret that was asked about. */
const shown: string[] = [];

async function ask(path: string, { authorization = "", hookToken = "", verdict }: More = {}) {
  const request = { path, authorization, hookToken, source: "192.0.2.1" };
  const answer = await answerUnserved(request, async ({ secret, source }) => {
    shown.push(secret);
    expect(source).toBe("192.0.2.1");
    return verdict ?? (secret === SECRET ? { ok: true } : wrong);
  });
  if (!answer) throw new Error(`${path} is not one of them`);
  return answer;
}

const json = (answer: HttpAnswer) => JSON.parse(String(answer.body));
const header = (answer: HttpAnswer, name: string) =>
  answer.headers.find(([key]) => key === name)?.[1];
const right = { authorization: `Bearer ${SECRET}` };

const v1 = ["/v1", "/v1/", "/v1/models", "/v1/chat/completions", "/v1/responses", "/v1/nope"];
const tools = ["/tools/invoke", "/tools", "/tools/nope"];
const hooks = ["/hooks/wake", "/hooks/agent", "/hooks", "/hooks/github"];

describe("an interface of OpenClaw that is not served", () => {
  test.each([...v1, ...tools, ...hooks])("%s tells nothing without the secret", async (path) => {
    for (const more of [
      {},
      { authorization: "Bearer wrong" },
      { authorization: `Basic ${SECRET}` },
    ]) {
      const answer = await ask(path, more);
      expect(answer.status).toBe("401 Unauthorized");
      expect(header(answer, "www-authenticate")).toContain("Bearer");
      expect(header(answer, "content-type")).toBe("application/json; charset=utf-8");
      expect(json(answer)).toMatchObject({ cure: "send it, or make one: openclaw token new" });
    }
  });

  test.each(v1)("%s answers as OpenAI's clients parse it, with the next step", async (path) => {
    const refused = json(await ask(path)).error;
    expect(refused).toMatchObject({ type: "invalid_request_error", code: "invalid_api_key" });
    expect(refused.message).toBe("No. Next: send it, or make one: openclaw token new");
    const answer = await ask(path, right);
    // No client tries again for it, as it would for a 5xx.
    expect(answer.status).toBe("404 Not Found");
    const { error, cure } = json(answer);
    expect(error).toMatchObject({ type: "invalid_request_error", param: null, code: "not_served" });
    expect(error.message).toContain("no agent is configured on this gateway");
    expect(error.message).toContain(cure);
  });

  test.each(tools)("%s answers as OpenClaw's tools do", async (path) => {
    expect(json(await ask(path))).toMatchObject({ ok: false, error: { type: "unauthorized" } });
    const answer = await ask(path, right);
    expect(answer.status).toBe("404 Not Found");
    expect(json(answer)).toMatchObject({
      ok: false,
      error: { type: "not_found", message: expect.stringContaining("openclaw nodes invoke") },
    });
  });

  test.each(hooks)("%s answers as OpenClaw's hooks do, and takes their header", async (path) => {
    expect(json(await ask(path))).toMatchObject({ ok: false, error: expect.any(String) });
    const answer = await ask(path, { hookToken: SECRET });
    expect(answer.status).toBe("404 Not Found");
    expect(json(answer)).toMatchObject({ ok: false, error: expect.stringContaining("no agent") });
    expect((await ask("/v1/models", { hookToken: SECRET })).status).toBe("401 Unauthorized");
  });

  test.each([
    ["rate-limited", "429 Too Many Requests"],
    ["auth-busy", "503 Service Unavailable"],
  ])("%s is told in their shapes as well, with when to come again", async (code, status) => {
    const verdict: BearerVerdict = { ...wrong, code, retryAfterMs: 1500 };
    for (const path of ["/v1/models", "/tools/invoke", "/hooks/wake"]) {
      const answer = await ask(path, { ...right, verdict });
      expect(answer.status).toBe(status);
      expect(header(answer, "retry-after")).toBe("2");
      expect(JSON.stringify(json(answer).error)).toContain("No. Next: send it");
    }
  });

  test.each(["/", "/v1x", "/v10/models", "/api", "/hook/wake", "/toolsinvoke", "/chat/v1/models"])(
    "%s is none of them",
    (path) => {
      const request = { path, authorization: "", hookToken: "", source: "192.0.2.1" };
      const asked = () => Promise.reject(new Error("asked"));
      expect(answerUnserved(request, asked)).toBeUndefined();
    },
  );
});
