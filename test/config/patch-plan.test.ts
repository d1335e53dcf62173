import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/config/errors.ts";
import { REDACTED } from "../../src/config/hide.ts";
import { evaluateConfig, sourceOf } from "../../src/config/load.ts";
import { type PatchKind, planPatch } from "../../src/config/patch-plan.ts";
import { openclaw } from "../../src/protocol/command.ts";
import { plainText } from "../../src/protocol/text.ts";

const before = `{
  // the owner's own words
  "gateway": {
    "port": 18789,
    "name": "home",
    "auth": { "token": "a-clear-secret" }
  },
  "models": { "openai": { "apiKey": "sk-1234567890", "retries": 3 } },
  "list": ["one", "two"]
}
`;

function plan(kind: PatchKind, raw: unknown, text = before) {
  const { config } = evaluateConfig(sourceOf("/c.json", text), { path: "/c.json" });
  const sent = typeof raw === "string" ? raw : JSON.stringify(raw);
  return planPatch({ kind, raw: sent, before: text, current: config, file: "/c.json" });
}

function refused(kind: PatchKind, raw: unknown, text = before): ConfigError {
  try {
    plan(kind, raw, text);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("not refused");
}

/** What `config.get` gives back for `before`, as a form sends it. */
const shown = {
  gateway: { port: 18789, name: "home", auth: { token: REDACTED } },
  models: { openai: { apiKey: REDACTED, retries: REDACTED } },
  list: [REDACTED, REDACTED],
};

describe("the whole text", () => {
  test("as it was read changes nothing, with placeholders as without", () => {
    for (const raw of [shown, before]) {
      expect(plan("whole", raw)).toEqual({ requests: [], kept: [] });
    }
  });

  test("of the settings in force, defaults written out, changes nothing", () => {
    const { list: _l, models: _m, ...rest } = shown;
    const full = { gateway: { ...rest.gateway, bind: "loopback", pairing: { open: true } } };
    expect(plan("whole", full)).toEqual({ requests: [], kept: ["models", "list"] });
  });

  test("sets, and unsets what it leaves out", () => {
    const { name: _n, ...gateway } = shown.gateway;
    const raw = { ...shown, gateway, logging: { level: "debug" } };
    expect(plan("whole", raw).requests).toEqual([
      { key: "gateway.name", unset: true },
      { key: "logging.level", value: "debug" },
    ]);
  });

  test("that leaves out a host-only key is refused with the command for it", () => {
    const raw = { ...shown, gateway: { name: "home", auth: shown.gateway.auth } };
    expect(refused("whole", raw)).toMatchObject({
      code: "CONFIG_HOST_ONLY",
      next: openclaw`config unset gateway.port`,
    });
  });

  test("under another spelling of a key takes nothing away", () => {
    const alias = '{ "gateway": { "token": "a-clear-secret" } }';
    const raw = { gateway: { auth: { token: REDACTED } } };
    expect(plan("whole", raw, alias).requests).toEqual([]);
    const other = '{ "gateway": { "auth": { "token": "a-clear-secret" } } }';
    expect(plan("whole", { gateway: { token: REDACTED } }, other).requests).toEqual([]);
  });
});

describe("a patch", () => {
  test("changes what it names and nothing else", () => {
    expect(plan("patch", { gateway: { name: "attic" } })).toEqual({
      requests: [{ key: "gateway.name", value: "attic" }],
      kept: [],
    });
    expect(plan("patch", "{ gateway: null }".replace("gateway", '"logging"')).requests).toEqual([]);
    expect(plan("patch", { gateway: { name: null } }).requests).toEqual([
      { key: "gateway.name", unset: true },
    ]);
  });

  test.each([
    ["a number", { gateway: { port: 1234 } }, "openclaw config set gateway.port 1234"],
    [
      "a list",
      { gateway: { trustedProxies: ["10.0.0.1"] } },
      `openclaw config set gateway.trustedProxies '["10.0.0.1"]'`,
    ],
    [
      "text for a shell",
      { logging: { file: "/var/log/it's; rm -rf" } },
      `openclaw config set logging.file '/var/log/it'\\''s; rm -rf'`,
    ],
    ["nothing", { gateway: { port: null } }, "openclaw config unset gateway.port"],
    [
      "a secret",
      { gateway: { auth: { token: "new-secret" } } },
      "openclaw config set gateway.auth.token -",
    ],
  ])("of a host-only key to %s is refused with the command", (_what, raw, command) => {
    const error = refused("patch", raw);
    expect(error.code).toBe("CONFIG_HOST_ONLY");
    expect(plainText(error.next)).toBe(command);
    expect(JSON.stringify(error.issues)).not.toContain("new-secret");
  });

  test("with text that no terminal should get is refused without it", () => {
    const { next } = refused("patch", { logging: { file: "/var/\u202elog" } });
    expect(plainText(next)).toBe(
      "openclaw config set logging.file /var/log/openclaw-gateway/gateway.log",
    );
  });

  test("lists every problem", () => {
    const { code, issues } = refused("patch", {
      gateway: { port: 1, name: 7, bnid: "lan" },
      logging: 3,
      models: { openai: { apiKey: "sk-other" } },
    });
    expect(code).toBe("CONFIG_HOST_ONLY");
    expect(issues.map(({ path, code: why }) => [path, why])).toEqual([
      ["gateway.port", "CONFIG_HOST_ONLY"],
      ["gateway.name", "CONFIG_VALUE"],
      ["gateway.bnid", "CONFIG_UNKNOWN_KEY"],
      ["logging", "CONFIG_VALUE"],
      ["models.openai.apiKey", "CONFIG_UNKNOWN_KEY"],
    ]);
    expect(issues[2]?.message).toContain("did you mean gateway.bind?");
  });

  test("takes a webhook's URL as it was shown for what is stored, and no other", () => {
    const webhook = (url: string) => ({ notify: { webhook: { url } } });
    const text = JSON.stringify(webhook("https://ntfy.example.com/topic"));
    const back = webhook(`https://ntfy.example.com/${REDACTED}`);
    expect(plan("patch", back, text).requests).toEqual([]);
    expect(plan("whole", back, text).requests).toEqual([]);
    for (const url of [`https://evil.example/${REDACTED}`, "https://ntfy.example.com/other"]) {
      expect(refused("patch", webhook(url), text).code).not.toBe("CONFIG_SYNTAX");
    }
    expect(() => plan("patch", back, "{}")).toThrow(ConfigError);
  });

  test("never stores a placeholder where nothing is stored", () => {
    const { code } = refused("patch", { gateway: { sshTarget: REDACTED } });
    expect(code).toBe("CONFIG_REDACTED");
    const list = refused("patch", { list: [REDACTED] });
    expect(list.code).toBe("CONFIG_UNKNOWN_KEY");
  });

  test("that takes out a section is refused for what it may not take out", () => {
    const { issues } = refused("patch", { gateway: null });
    expect(issues.map(({ path }) => path)).toEqual(["gateway.port", "gateway.auth.token"]);
    expect(refused("patch", { models: null }).code).toBe("CONFIG_UNKNOWN_KEY");
  });
});

test.each(["[1]", "7", "", "{", '{ "a": 1 } x'])("%s is refused as no object", (raw) => {
  expect(refused("patch", raw)).toMatchObject({ code: "CONFIG_SYNTAX" });
});

test("keys named like what every object has are keys", () => {
  const raw = '{ "__proto__": { "polluted": true }, "constructor": 1, "toString": null }';
  const { issues } = refused("patch", raw);
  expect(issues.map(({ path }) => path)).toEqual(["__proto__", "constructor"]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("a text full of what nobody knows is refused by its first problems", () => {
  const keys = Array.from({ length: 20_000 }, (_, i) => [`naem${i}`, 1]);
  const { issues, message } = refused("patch", { gateway: Object.fromEntries(keys) });
  expect(issues).toHaveLength(64);
  expect(message).toContain("(and at least 63 more)");
});
