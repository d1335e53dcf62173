import { describe, expect, test } from "vitest";
import { limitValues } from "../../src/limits/table.ts";
import type { NotifyFailure } from "../../src/notify/failure.ts";
import { parseHeaders, readTarget, type WebhookSettings } from "../../src/notify/target.ts";
import { plainText } from "../../src/protocol/text.ts";

const bounds = limitValues();
const path = "/etc/openclaw-gateway/webhook headers";

const parse = (text: string) => parseHeaders(text, { path, bounds });

describe("a file of headers", () => {
  test("is one header a line; comments and empty lines do not count", () => {
    const text = "# mine\r\n\nAuthorization: Bearer tk_a:b \nX-Note:\t caf\u00e9\nPriority:high\n";
    expect(parse(text)).toEqual({
      authorization: "Bearer tk_a:b",
      "x-note": "caf\u00e9",
      priority: "high",
    });
    expect(parse("")).toEqual({});
  });

  test.each([
    ["Authorization Bearer secret-1", "line 1 is no “Name: value” in Latin letters"],
    ["ok: 1\n: secret-1", "line 2 is no “Name: value” in Latin letters"],
    ["X-A: secret-1\u0000", "line 1 is no “Name: value” in Latin letters"],
    ["X-A: secret-1 家", "line 1 is no “Name: value” in Latin letters"],
    ["X A: secret-1", "line 1 is no “Name: value” in Latin letters"],
    ["Host: secret-1.example", "line 1: Host can't be set"],
    ["\ncontent-length: 5", "line 2: content-length can't be set"],
    ["Transfer-Encoding: chunked", "line 1: Transfer-Encoding can't be set"],
    ["Proxy-Authorization: secret-1", "line 1: Proxy-Authorization can't be set"],
    ["X-A: 1\nX-B: Bearer $SECRET", "line 2 is a reference, and nothing resolves it here"],
  ])("that holds %j is refused by its line, without its text", (text, why) => {
    let error: NotifyFailure | undefined;
    try {
      parse(text);
    } catch (thrown) {
      error = thrown as NotifyFailure;
    }
    expect(error).toMatchObject({
      code: "NOTIFY_FILE",
      message: `${path}: ${why}`,
      retry: false,
    });
    expect(plainText(error?.next ?? "")).toBe(`\${EDITOR:-nano} '${path}'`);
    expect(JSON.stringify(error)).not.toContain("secret-1");
  });

  test("notifyHeaders: with more than that is refused", () => {
    const lines = (count: number) =>
      Array.from({ length: count }, (_, at) => `x-${at}: 1`).join("\n");
    expect(Object.keys(parse(lines(bounds.notifyHeaders)))).toHaveLength(bounds.notifyHeaders);
    expect(() => parse(lines(bounds.notifyHeaders + 1))).toThrow("it holds more than 32 headers");
  });
});

describe("where a message goes", () => {
  const files: Record<string, string> = {
    "/url": " https://hooks.slack.com/services/T0/B0/secret-1?x=secret-2 \nsecond line\n",
    "/empty": "\n",
    "/other": "hooks.slack.com/services/secret-1\n",
    "/reference": "https://hooks.slack.com/services/{{ path }}\n",
    "/headers": "Authorization: Bearer secret-3\n",
    "/long": `https://a.example/${"x".repeat(bounds.notifyFileBytes)}`,
  };
  const read = async (name: string) => {
    const text = files[name];
    if (text === undefined) throw Object.assign(new Error("gone"), { code: "EACCES" });
    return text;
  };
  const target = (more: Partial<WebhookSettings>) =>
    readTarget({ format: "json", egress: [], ...more }, read, bounds);

  test("is the URL of the configuration", async () => {
    const { url, headers } = await target({ url: "https://ntfy.example.com/gateway" });
    expect([url.href, headers]).toEqual(["https://ntfy.example.com/gateway", {}]);
  });

  test("is the first line of its file before that, with the headers of the other", async () => {
    const files = { urlFile: "/url", headersFile: "/headers" };
    const { url, headers } = await target({ ...files, url: "https://ntfy.example.com/x" });
    expect(url.href).toBe("https://hooks.slack.com/services/T0/B0/secret-1?x=secret-2");
    expect(headers).toEqual({ authorization: "Bearer secret-3" });
  });

  test.each([
    [{}, "NOTIFY_NOT_SET", "no webhook is configured"],
    [{ headersFile: "/headers" }, "NOTIFY_NOT_SET", "no webhook is configured"],
    [{ urlFile: "/gone" }, "NOTIFY_FILE", "/gone can't be read: this user may not"],
    [{ urlFile: "/empty" }, "NOTIFY_FILE", "/empty: its first line is no https:// or http:// URL"],
    [
      { urlFile: "/reference" },
      "NOTIFY_FILE",
      "/reference: its first line is a reference, and nothing resolves it here",
    ],
    [{ urlFile: "/other" }, "NOTIFY_FILE", "/other: its first line is no https:// or http:// URL"],
    [
      { urlFile: "/url", headersFile: "/gone" },
      "NOTIFY_FILE",
      "/gone can't be read: this user may not",
    ],
  ])("is refused for %j", async (settings, code, message) => {
    const error = await target(settings).catch((one) => one);
    expect(error).toMatchObject({ code, message });
    expect(plainText(error.next)).toMatch(/^\S/);
    expect(JSON.stringify([error, error.message])).not.toContain("secret-");
  });

  test("notifyFileBytes: a longer file is refused", async () => {
    await expect(target({ urlFile: "/long" })).rejects.toMatchObject({
      code: "NOTIFY_FILE",
      message: `/long: it is longer than ${bounds.notifyFileBytes} bytes`,
    });
  });
});
