import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatIssue } from "../../src/config/errors.ts";
import { evaluateConfig, type LoadOptions, loadConfig, sourceOf } from "../../src/config/load.ts";
import { openclaw } from "../../src/protocol/command.ts";
import { plainText } from "../../src/protocol/text.ts";
import { temporaryFolder } from "./support.ts";

function load(raw: string | null, more: Partial<LoadOptions> = {}) {
  return evaluateConfig(sourceOf("/etc/g.json", raw), { path: "/etc/g.json", ...more });
}

describe("precedence", () => {
  const raw = '{"gateway": {"port": 1}}';
  const env = { OPENCLAW_GATEWAY_PORT: "2" };
  const flags = { "gateway.port": "3" };

  it("is flag, environment, file, default", () => {
    expect(load(null).config.gateway.port).toBe(18789);
    expect(load(raw).config.gateway.port).toBe(1);
    expect(load(raw, { env }).config.gateway.port).toBe(2);
    expect(load(raw, { env, flags }).config.gateway.port).toBe(3);
    expect(load(raw, { env: { OPENCLAW_GATEWAY_PORT: "" } }).overrides).toEqual([]);
  });

  it("tells what overrides what", () => {
    expect(load(raw, { env }).overrides).toEqual([
      { path: "gateway.port", by: "env", name: "OPENCLAW_GATEWAY_PORT" },
    ]);
    expect(load(raw, { env, flags }).overrides).toEqual([
      { path: "gateway.port", by: "flag", name: "gateway.port" },
    ]);
  });

  it("names the variable or flag that is wrong", () => {
    const bad = load(raw, {
      env: { OPENCLAW_GATEWAY_PORT: "x" },
      flags: { "logging.level": "loud" },
    });
    expect(bad.errors.map((issue) => [issue.message, plainText(issue.next)])).toEqual([
      [
        'OPENCLAW_GATEWAY_PORT: gateway.port: found "x", expected a whole number from 0 to 65535',
        "unset OPENCLAW_GATEWAY_PORT",
      ],
      [
        expect.stringContaining('flag for logging.level: logging.level: found "loud"'),
        expect.any(String),
      ],
    ]);
    expect(bad.config.gateway.port).toBe(1);
  });
});

describe("what the file says", () => {
  it("reads comments, trailing commas, a byte order mark and CRLF", () => {
    const raw = '\uFEFF// mine\r\n{\r\n  "gateway": { "port": 7, /* x */ },\r\n}\r\n';
    const loaded = load(raw);
    expect(loaded.errors).toEqual([]);
    expect(loaded.config.gateway.port).toBe(7);
  });

  it("knows the short spellings, and takes one spelling of a key", () => {
    expect(load('{"gateway":{"token":"abcd"}}').config.gateway.auth.token).toBe("abcd");
    for (const raw of [
      '{"gateway":{"auth":{"token":"full"},"token":"short"}}',
      '{"gateway":{"token":"short","auth":{"token":"full"}}}',
    ])
      expect(load(raw).errors).toMatchObject([{ code: "CONFIG_DUPLICATE_KEY" }]);
    const [warning] = load('{"gateway":{"password":"abcd"}}').warnings;
    expect(warning).toMatchObject({
      code: "CONFIG_CLEAR_SECRET",
      path: "gateway.auth.password",
      next: openclaw`config migrate-secrets`,
    });
  });

  const syntax: [string, number, number, RegExp][] = [
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, /a comma is expected; found text/],
    ['{"gateway": {"port": }}', 1, 22, /a value is expected; found }/],
    ["{\r\n  port: 1\r\n}", 2, 3, /double quotes/],
    ["{'a': 1}", 1, 2, /double quotes/],
    ['{"a": 1', 1, 8, /closing } is missing; found the end of the file/],
    ['{"a": [1', 1, 9, /closing ] is missing/],
    ['{"a": 1} x', 1, 10, /nothing may follow|double quotes/],
    ['{"a": 1 /* x', 1, 9, /comment is not closed|closing }/],
    ["[".repeat(200_000), 1, 1, /nested too deeply/],
    [`${'{"a":'.repeat(80)}1${"}".repeat(80)}`, 1, 1, /nested too deeply/],
  ];
  it.each(syntax)("places a syntax error in %.30j", (raw, line, column, message) => {
    const [issue] = load(raw).errors;
    expect(issue).toMatchObject({ code: "CONFIG_SYNTAX", line, column });
    expect(issue?.message).toMatch(message);
    expect(plainText(issue?.next ?? "")).toBe(`\${EDITOR:-nano} +${line} /etc/g.json`);
  });

  it("places a bad value, and formats it as compilers do", () => {
    const [issue] = load('{\n\t"gateway": {\n\t\t"port": "a\u202Eb\u001b[31m"\n\t}\n}').errors;
    // The parser takes the raw control character for what it is: not JSON.
    expect(issue?.code).toBe("CONFIG_SYNTAX");
    const [value] = load('{\n\t"gateway": {\n\t\t"port": "a\u202Eb\\u001b[31m"\n\t}\n}').errors;
    expect(value && plainText(formatIssue(value, "/etc/g.json"))).toBe(
      '/etc/g.json:3:11: gateway.port: found "ab[31m", expected a whole number from 0 to 65535\n' +
        "  next: openclaw config set gateway.port 18789",
    );
  });

  it("refuses a section that is none, and a file that is none", () => {
    expect(load('{"gateway": {"auth": "s3cret-value"}}').errors[0]?.message).toBe(
      "gateway.auth: found text (hidden), expected a section { … }",
    );
    expect(load("[]").errors[0]?.message).toContain("the file: found an empty list");
  });

  it("refuses a key that is written twice", () => {
    const { errors } = load('{"gateway":{"port":1},\n"gateway":{"port":2}}');
    expect(errors).toMatchObject([{ code: "CONFIG_DUPLICATE_KEY", path: "gateway", line: 2 }]);
  });

  it("treats an empty file as defaults, with a warning", () => {
    for (const raw of ["", " \n", "// nothing\n"]) {
      expect(load(raw)).toMatchObject({ errors: [], warnings: [{ path: "" }] });
    }
  });
});

describe("unknown keys", () => {
  const hints: [string, string][] = [
    [
      '{"gateway":{"prot":1}}',
      "gateway.prot is not a key of this gateway; did you mean gateway.port?",
    ],
    ['{"gatway":{"port":1}}', "gatway is not a key of this gateway; did you mean gateway?"],
    ['{"port":1}', "port is not a key of this gateway; did you mean gateway.port?"],
    [
      '{"gateway.port":1}',
      '["gateway.port"] is not a key of this gateway; did you mean gateway.port?',
    ],
    ['{"gateway":{"trustedProxy":[]}}', "did you mean gateway.trustedProxies?"],
    ['{"gateway":{"auth":{"Token":"x"}}}', "did you mean gateway.auth.token?"],
  ];
  it.each(hints)("%s", (raw, message) => {
    const { warnings, errors } = load(raw);
    expect(errors).toEqual([]);
    expect(warnings).toMatchObject([{ code: "CONFIG_UNKNOWN_KEY" }]);
    expect(warnings[0]?.message).toContain(message);
  });

  it("are told once, without values, when the file was written for OpenClaw", () => {
    const raw = JSON.stringify({
      agents: { list: [{ id: "main" }] },
      channels: { telegram: { botToken: "123:secret" } },
      models: {},
      auth: {},
      gateway: { mode: "local", remote: { token: "abc" }, __proto__x: 1 },
    });
    const { warnings } = load(raw);
    expect(warnings.map((warning) => warning.message)).toEqual([
      "keys this gateway does not use: agents, channels, models, auth, gateway.mode, gateway.remote, gateway.__proto__x",
    ]);
  });

  it("may have hostile names", () => {
    const raw =
      '{"__proto__": {"gateway": {"port": 1}}, "constructor": 1, "a\\u001b[31m\\u202e": 1}';
    const { warnings, config } = load(raw);
    expect(config.gateway.port).toBe(18789);
    expect(warnings[0]?.message).toBe(
      'keys this gateway does not use: __proto__, constructor, ["a[31m"]',
    );
  });
});

describe("the file itself", () => {
  it("may be missing", async () => {
    const path = join(await temporaryFolder(), "none.json");
    const loaded = await loadConfig({ path });
    expect(loaded).toMatchObject({ errors: [], warnings: [] });
    expect(loaded.source).toEqual({ path, exists: false, raw: null, hash: "absent" });
  });

  it("is reported when it can't be read, or is larger than configBytes", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "d.json"));
    await writeFile(join(folder, "latin1.json"), Buffer.from([0x7b, 0xe9, 0x7d]));
    await writeFile(join(folder, "big.json"), " ".repeat(1024 * 1024 + 1));
    for (const [name, why] of [
      ["d.json", "not a file"],
      ["latin1.json", "not UTF-8"],
      ["big.json", "larger"],
    ]) {
      const { errors, source } = await loadConfig({ path: join(folder, String(name)) });
      expect(errors).toMatchObject([{ code: "CONFIG_READ" }]);
      expect(errors[0]?.message).toContain(why);
      expect(source.exists).toBe(true);
    }
  });
});
