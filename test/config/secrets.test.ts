import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffConfig, needsRestart } from "../../src/config/diff.ts";
import { planEdit } from "../../src/config/edit.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { evaluateConfig, sourceOf } from "../../src/config/load.ts";
import { migrateSecrets } from "../../src/config/migrate.ts";
import { publicHash, redactConfig, redactSource } from "../../src/config/redact.ts";
import type { ConfigPath } from "../../src/config/schema.ts";
import { buildConfig } from "../../src/config/settings.ts";

const admin = { comments: true };

const file = "/etc/g.json";
const secret = fc.stringMatching(/^[A-Z0-9]{6}[ -~]{0,12}[A-Z0-9]{6}$/);

/** A file in which `value` stands where secrets stand. */
function filesWith(value: string): string[] {
  const json = JSON.stringify(value);
  return [
    `{"gateway": {"auth": {"token": ${json}}}}`,
    `{"gateway": {\n "token": ${json}, // token: ${value}\n "name": "a"}}`,
    `{"gateway": {"auth": {"password": [${json}]}}}`,
    `{"gateway": {"auth": {"password": {"value": ${json}}}}}`,
    `{"gateway": {"auth": ${json}}}`,
    `{"gateway": ${json}}`,
    `{"gateway": {"auth": {"tokne": ${json}}}}`,
    `{"channels": {"telegram": {"botToken": ${json}}}}`,
    `{"gateway": {"publicUrl": ${JSON.stringify(`https://u:${value}@a.example`)}}}`,
    `{"gateway": {"publicUrl": ${JSON.stringify(`https://a.example/#token=${value}`)}}}`,
    `{"gateway": {"auth": {"token": ${json} "mode": 1}}}`,
    `{"gateway": {"auth": {"token": ${value.replace(/[^A-Z0-9]/g, "_")}}}}`,
    `/* old password = ${value} */ {"gateway": {"auth": {"token": ${json}}}}`,
    `{"notify": {"webhook": {"url": ${JSON.stringify(`https://ntfy.example/${urlPart(value)}`)}}}}`,
    `{"notify": {"webhook": {"url": ${JSON.stringify(`https://h.example/${"x".repeat(20)}/${urlPart(value)}`)}}}}`,
    `{"notify": {"webhook": {"url": ${JSON.stringify(`https://${urlPart(value)}@h.example/`)}}}}`,
    `{"notify": {"webhook": {"urlFile": ${JSON.stringify(`https://h.example/${value}`)}}}}`,
    `{"notify": {"webhook": {\n // "url": "https://h.example/${value}"\n "format": "text"}}}`,
    `{"notify": {"webhook": {"url": "https://a.example/x"}}} // webhook: https://h.example/${value}`,
  ];
}

/** The same letters, as they may stand in a path. */
function urlPart(value: string): string {
  return value.replace(/[^A-Z0-9]/g, "_");
}

/** Everything that a person or a client could be shown about a text. */
function shown(text: string): string {
  const loaded = evaluateConfig(sourceOf(file, text), { path: file });
  const out: unknown[] = [loaded.errors, loaded.warnings, loaded.config, redactSource(text, admin)];
  out.push(redactConfig(loaded.config), diffConfig(buildConfig(), loaded.config));
  for (const request of [
    { key: "gateway.name", text: "other" },
    { key: "gateway.auth.token", unset: true } as const,
    { key: "gateway.auth.token", text: "another-value" },
    { key: "notify.webhook.url", text: "https://b.example/y" },
    { key: "notify.webhook.url", unset: true } as const,
  ]) {
    try {
      const options = { file, allowClearSecrets: true };
      const plan = planEdit(text, [request], options);
      out.push(plan.diff, plan.changedPaths, migrateSecrets(text, file).diff);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      out.push(error.message, error.next, error.issues);
    }
  }
  return JSON.stringify(out);
}

it("nothing shown about a config holds a secret", () => {
  fc.assert(
    fc.property(secret, (value) => {
      for (const text of filesWith(value)) {
        const out = shown(text);
        expect(out).not.toContain(value);
        expect(out).not.toContain(JSON.stringify(value).slice(1, -1));
        expect(out).not.toContain(urlPart(value));
      }
    }),
    // The first slash of a password ends what counts as the host: the rest looks like a path.
    { numRuns: 150, examples: [["000000/0A00A0"], ["8080/ABCDEFGH"]] },
  );
});

describe("redaction for clients", () => {
  it("hides secrets and what it does not know, and shows the rest", () => {
    const raw = JSON.stringify({
      gateway: {
        port: 1,
        auth: { mode: "token", token: "abcd" },
        token: "x",
        remote: { url: "u" },
      },
      models: [{ apiKey: "k", stream: true, none: null }],
      "gateway.port": 5,
    });
    expect(redactSource(raw, admin)).toEqual({
      raw: null,
      parsed: {
        gateway: {
          port: 1,
          auth: { mode: "token", token: "__OPENCLAW_REDACTED__" },
          token: "__OPENCLAW_REDACTED__",
          remote: { url: "__OPENCLAW_REDACTED__" },
        },
        models: [{ apiKey: "__OPENCLAW_REDACTED__", stream: true, none: null }],
        "gateway.port": "__OPENCLAW_REDACTED__",
      },
    });
  });

  it("sends the text when nothing in it is secret", () => {
    const raw = '{\n  // mine\n  "gateway": { "port": 1 }\n}\n';
    expect(redactSource(raw, admin).raw).toBe(raw);
    expect(redactSource('// token: abc\n{"gateway": {"port": 1}}', admin).raw).toBe(null);
    expect(redactSource(null, admin)).toEqual({ raw: null, parsed: {} });
    expect(redactSource('{"a": ', admin).raw).toBe(null);
  });

  it("leaves the comments out for those who may only read", () => {
    const reader = { comments: false };
    const raw = '{\n  // door code 4711\n  "gateway": { /* hunter2 */ "port": 1 } // x\n}\n';
    expect(redactSource(raw, reader).raw).toBe('{\n  \n  "gateway": {  "port": 1 } \n}\n');
    const commentedOut = '// "token": "abcd"\n{"gateway": {"port": 1}}';
    expect(redactSource(commentedOut, reader).raw).toBe('\n{"gateway": {"port": 1}}');
    const texts = '{"gateway": {"name": "// no comment", "port": 1}}';
    expect(redactSource(texts, reader).raw).toBe(texts);
    expect(redactSource('{"gateway": {"token": "x1y2"}} // z', reader).raw).toBe(null);
    expect(redactSource('{"a": // z', reader).raw).toBe(null);
    expect(redactSource(null, reader).raw).toBe(null);
  });

  it("keeps a key named __proto__ a key", () => {
    const { parsed } = redactSource('{"__proto__": {"polluted": true}}', admin);
    expect(Object.keys(parsed)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
  });

  it("shows the settings in effect", () => {
    const config = buildConfig(new Map<ConfigPath, unknown>([["gateway.auth.token", "abcd"]]));
    expect(redactConfig(config)).toMatchObject({
      gateway: { port: 18789, auth: { mode: "token", token: "__OPENCLAW_REDACTED__" } },
    });
  });

  it("shows of a webhook's URL where it leads, and nothing else", () => {
    const url = (value: string) => ({ notify: { webhook: { url: value } } });
    const hidden = "https://ntfy.example.com:8443/__OPENCLAW_REDACTED__";
    const raw = JSON.stringify(url("https://ntfy.example.com:8443/topic"));
    expect(redactSource(raw, admin)).toEqual({ raw: null, parsed: url(hidden) });
    const config = buildConfig(
      new Map<ConfigPath, unknown>([["notify.webhook.url", "https://ntfy.example.com:8443/topic"]]),
    );
    expect(redactConfig(config)).toMatchObject(url(hidden));
    expect(JSON.stringify(config)).not.toContain("topic");
    expect(diffConfig(buildConfig(), config)).toMatchObject([
      { path: "notify.webhook.url", from: undefined, to: "https://ntfy.example.com:8443/(hidden)" },
    ]);
    const bare = JSON.stringify(url("http://10.0.0.2:8080/"));
    expect(redactSource(bare, admin)).toEqual({ raw: bare, parsed: url("http://10.0.0.2:8080/") });
  });

  it("hashes under a key", () => {
    const key = Buffer.alloc(32, 1);
    expect(publicHash("{}", key)).toMatch(/^hmac-sha256:v1:[0-9a-f]{64}$/);
    expect(publicHash("{}", key)).not.toBe(publicHash("{}", Buffer.alloc(32, 2)));
  });
});

describe("moving secrets out", () => {
  it("returns them, the text without them and what to show", () => {
    const text = [
      "{",
      '  "gateway": {',
      '    "port": 1,',
      '    "auth": {',
      "      // from the old machine",
      '      "token": "tok-123456",',
      '      "password": "pw-\\u00e9-123", // change me',
      "    },",
      "  },",
      "}",
      "",
    ].join("\n");
    const moved = migrateSecrets(text, file);
    expect(moved.secrets).toEqual({ token: "tok-123456", password: "pw-é-123" });
    expect(moved.after).toBe(
      '{\n  "gateway": {\n    "port": 1,\n    "auth": {\n      // from the old machine\n' +
        "      // change me\n    },\n  },\n}\n",
    );
    expect(moved.diff).toBe(
      [
        "@@ -4,6 +4,5 @@",
        '     "auth": {',
        "       // from the old machine",
        '-      "token": "(hidden)",',
        '-      "password": "(hidden)", // change me',
        "+      // change me",
        "     },",
        "   },",
        "",
      ].join("\n"),
    );
  });

  it("does nothing where there is nothing, and leaves what is no usable secret", () => {
    for (const text of ["", "{}", '{"gateway":{"auth":{"token":{"source":"env"}}}}']) {
      expect(migrateSecrets(text, file)).toEqual({
        secrets: {},
        before: text,
        after: text,
        changedPaths: [],
        diff: "",
        warnings: [],
      });
    }
    expect(() => migrateSecrets('{"a', file)).toThrow(ConfigError);
  });
});

describe("config differences", () => {
  const config = (values: Partial<Record<ConfigPath, unknown>>) =>
    buildConfig(new Map(Object.entries(values) as [ConfigPath, unknown][]));

  it("tell what changed, who may change it and when it takes effect", () => {
    const old = config({ "gateway.name": "a", "gateway.trustedProxies": ["::1"] });
    const next = config({ "gateway.port": 1, "gateway.trustedProxies": ["::1"] });
    const changes = diffConfig(old, next);
    expect(changes).toEqual([
      { path: "gateway.port", from: 18789, to: 1, hostOnly: true, apply: "restart", secret: false },
      {
        path: "gateway.name",
        from: "a",
        to: undefined,
        hostOnly: false,
        apply: "live",
        secret: false,
      },
    ]);
    expect(needsRestart(changes)).toBe(true);
    expect(needsRestart(changes.slice(1))).toBe(false);
    expect(diffConfig(old, old)).toEqual([]);
  });

  it("tell that a secret changed, not what it is", () => {
    const changes = diffConfig(
      config({ "gateway.auth.token": "one1" }),
      config({ "gateway.auth.token": "two2", "gateway.auth.password": "three" }),
    );
    expect(changes.map(({ path, from, to }) => [path, from, to])).toEqual([
      ["gateway.auth.token", "(hidden)", "(hidden)"],
      ["gateway.auth.password", undefined, "(hidden)"],
    ]);
  });
});
