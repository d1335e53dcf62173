import { describe, expect, it } from "vitest";
import { interpretConfig } from "../../src/config/interpret.ts";
import { evaluateConfig, sourceOf } from "../../src/config/load.ts";
import { type ConfigPath, configPaths, specOf } from "../../src/config/schema.ts";
import { buildConfig, devicelessCliMode, getValue } from "../../src/config/settings.ts";
import { Refused, readText } from "../../src/config/values.ts";
import { openclaw } from "../../src/protocol/command.ts";
import { plainText } from "../../src/protocol/text.ts";

interface Row {
  good: unknown[];
  bad: unknown[];
  expected: string;
  default?: unknown;
}

/** How OpenClaw's config refers to the environment. */
const reference = ["$", "{OPENCLAW_GATEWAY_TOKEN}"].join("");

const table: Record<ConfigPath, Row> = {
  "gateway.port": {
    good: [0, 18789, 65535],
    bad: [-1, 65536, 1.5, "18789", null, true, [1]],
    expected: "a whole number from 0 to 65535",
    default: 18789,
  },
  "gateway.bind": {
    good: ["loopback", "lan", "10.0.0.1", "::1", "0.0.0.0"],
    bad: ["", "localhost", "10.0.0", "10.0.0.0/8", "tailnet", 1, null],
    expected: '"loopback", "lan", "none" or an IP address',
    default: "loopback",
  },
  "gateway.socket": {
    good: ["/run/g.sock"],
    bad: ["", "run/g.sock", "/run/", `/${"a".repeat(107)}`, "/run/\0", 1],
    expected: "an absolute path of at most 107 bytes",
  },
  "gateway.publicUrl": {
    good: ["https://a.example", "http://1.2.3.4:8080/", "https://a.example/sub"],
    bad: [
      "a.example",
      "wss://a.example",
      "https://",
      "https://u:p@a.example",
      "https://a.example/?q",
      "https://a.example/#x",
      1,
    ],
    expected: "an https:// or http:// URL",
  },
  "gateway.publicPin": {
    good: ["ab".repeat(32)],
    bad: ["", "ab", "ab".repeat(33), "zz".repeat(32), 1],
    expected: "the SHA-256 fingerprint of a certificate, 64 hex digits",
  },
  "gateway.name": {
    good: ["home", "家のサーバー", "x".repeat(64), "🦞".repeat(64)],
    bad: ["", "  ", "x".repeat(65), "a\nb", "a\u202Eb", "a\u200Bb", 5],
    expected: "a name of 1 to 64 visible characters",
  },
  "gateway.auth.mode": {
    good: ["token", "password"],
    bad: ["none", "trusted-proxy", "tailscale", "toString", "", 1],
    expected: '"token" or "password"',
    default: "token",
  },
  "gateway.auth.token": {
    good: ["x", "a b c"],
    bad: ["", "x".repeat(1025), reference, "__OPENCLAW_REDACTED__", 1, {}],
    expected: "text of 1 to 1024 characters",
  },
  "gateway.auth.password": {
    good: ["x"],
    bad: ["", reference, 1],
    expected: "text of 1 to 1024 characters",
  },
  "gateway.auth.devicelessCli": {
    good: ["auto", "loopback", "never"],
    bad: ["always", true],
    expected: '"auto", "loopback" or "never"',
    default: "auto",
  },
  "gateway.pairing.open": {
    good: [true, false],
    bad: ["true", 1, null],
    expected: "true or false",
    default: true,
  },
  "gateway.trustedProxies": {
    good: [[], ["127.0.0.1"], ["10.0.0.0/8", "fd00::/8", "::1"]],
    bad: [
      "127.0.0.1",
      ["10.0.0.0/33"],
      ["::/129"],
      ["a/8"],
      ["1.2.3.4/8/8"],
      ["fe80::1%eth0"],
      ["[::1]"],
      [" ::1"],
      ["010.0.0.0/8"],
      // Mapped, so an IPv4 network, and it has no 104 bits: a start with it failed.
      ["::ffff:10.0.0.0/104"],
      [1],
    ],
    expected: 'a list of addresses or networks such as ["127.0.0.1", "10.0.0.0/8"]',
    default: [],
  },
  "gateway.controlUi.allowedOrigins": {
    good: [
      [],
      ["*"],
      ["https://a.example", "http://localhost:3000", "tauri://localhost"],
      ["https://*.a.example"],
    ],
    bad: ["*", ["a.example"], ["https://a.example/path"], ["https://u@a.example"], [1]],
    expected:
      'a list of origins such as ["https://app.example.com", "https://*.example.net"], or ["*"] for any',
    default: [],
  },
  "gateway.sshTarget": {
    good: [
      "vps",
      "root@a.example",
      "root@2001:db8::1",
      "ssh://root@a.example:2222",
      "ssh://[::1]:22",
    ],
    bad: ["", "-oProxyCommand=x", "a b", "a;b", "$(x)", "root@", "a`b`", "root@-x", "a\nb", 1],
    expected: "a host or user@host, or ssh://user@host:port",
  },
  "gateway.ssh.account": {
    good: ["openclaw", "_ssh", "a-b_9"],
    bad: ["", "Root", "-x", "a b", "a;b", "$(id)", "a".repeat(33), "ann@host", 7],
    expected: "a user name such as openclaw",
  },
  "gateway.ssh.host": {
    good: ["gateway.example.com", "203.0.113.7", "2001:db8::1", "vps"],
    bad: ["", "-oProxyCommand=x", "a b", "a;b", "a@b", "$(x)", "a/b", "a:22", "x".repeat(256), 1],
    expected: "a host name or IP address",
  },
  "gateway.ssh.port": {
    good: [22, 1, 65535],
    bad: [0, 65536, 1.5, -1, "x"],
    expected: "a whole number from 1 to 65535",
    default: 22,
  },
  "gateway.ssh.authorizedKeys": {
    good: ["/home/ann/.ssh/authorized_keys"],
    bad: ["authorized_keys", "", "/home/ann/", "/a\nb"],
    expected: "an absolute path",
  },
  "gateway.nodes.commands.allow": {
    good: [[], ["camera.snap", "sms.send"]],
    bad: ["camera.snap", [""], ["a b"], [1], ["$(id)"]],
    expected: 'a list of node commands such as ["camera.snap"]',
    default: [],
  },
  "gateway.nodes.commands.deny": {
    good: [[], ["system.run"]],
    bad: ["system.run", ["-rf"], null],
    expected: 'a list of node commands such as ["camera.snap"]',
    default: [],
  },
  "logging.level": {
    good: ["trace", "debug", "info", "warn", "error", "fatal"],
    bad: ["silent", "INFO", 30],
    expected: '"trace", "debug", "info", "warn", "error" or "fatal"',
    default: "info",
  },
  "dashboard.root": {
    good: ["/opt/app/control-ui"],
    bad: ["control-ui", "/opt/app/", "", 1],
    expected: "an absolute path",
  },
  "metrics.tokenFile": {
    good: ["/etc/openclaw-gateway/metrics-token"],
    bad: ["token", "/etc/", "", 1],
    expected: "an absolute path",
  },
  "notify.webhook.url": {
    good: ["https://ntfy.example.com/gateway", "http://10.0.0.2:8080", "https://a.example/x/y"],
    bad: [
      "ntfy.example.com/gateway",
      "ftp://a.example/x",
      "https://u:p@a.example/x",
      "https://a.example/x?token=1",
      "https://a.example/x#y",
      "https://hooks.slack.com/services/T0000/B0000/aaaaaaaaaaaaaaaaaaaaaaaa",
      "https://discord.com/api/webhooks/1/aaaaaaaaaaaaaaaaaaaaaaaaaaaa/slack",
      "https://__OPENCLAW_REDACTED__/",
      1,
    ],
    expected: "an https:// or http:// URL that holds no secret",
  },
  "notify.webhook.urlFile": {
    good: ["/etc/openclaw-gateway/webhook-url"],
    bad: ["url", "/etc/", "", 1],
    expected: "an absolute path",
  },
  "notify.webhook.headersFile": {
    good: ["/etc/openclaw-gateway/webhook-headers"],
    bad: ["headers", "/etc/", "", 1],
    expected: "an absolute path",
  },
  "notify.webhook.format": {
    good: ["json", "text", "slack"],
    bad: ["mail", "", 1],
    expected: '"json", "text" or "slack"',
    default: "json",
  },
  "gateway.egress": {
    good: [[], ["127.0.0.1"], ["10.0.0.0/8", "fd00::/8"]],
    bad: ["127.0.0.1", ["localhost"], ["10.0.0.0/33"], [1]],
    expected: 'a list of addresses or networks such as ["127.0.0.1", "10.0.0.0/8"]',
    default: [],
  },
  "logging.file": {
    good: ["/var/log/g.log"],
    bad: ["g.log", "/var/log/", "", 1],
    expected: "an absolute path",
  },
};

function nest(path: string, value: unknown): string {
  return JSON.stringify(
    path.split(".").reduceRight<unknown>((at, name) => ({ [name]: at }), value),
  );
}

describe.each(configPaths())("%s", (path) => {
  const row = table[path];
  const spec = specOf(path);

  it("has its default", () => {
    expect(getValue(buildConfig(), path)).toEqual(row.default);
  });

  it.each(row.good.map((value) => [value]))("takes %j", (value) => {
    const { errors, values } = interpretConfig(nest(path, value), "f");
    expect(errors).toEqual([]);
    expect(values.get(path)).toEqual(value);
  });

  it.each(row.bad.map((value) => [value]))("refuses %j and says what it wants", (value) => {
    const { errors, values } = interpretConfig(nest(path, value), "f");
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      code: "CONFIG_VALUE",
      path,
      expected: row.expected,
      line: 1,
    });
    expect(errors[0]?.message).toContain(`expected ${row.expected}`);
    expect(plainText(errors[0]?.next ?? "")).toMatch(
      new RegExp(`^openclaw config (set|unset) ${path}`),
    );
    expect(values.has(path)).toBe(false);
  });

  it("has an example that it takes, one line of help and an alias that leads to it", () => {
    expect(readText(spec.type, spec.example)).not.toBeInstanceOf(Refused);
    expect(plainText(spec.help)).toMatch(/^[^\n]+$/);
    for (const alias of spec.aliases ?? []) {
      expect(interpretConfig(nest(alias, row.good[0]), "f").values.get(path)).toEqual(row.good[0]);
    }
  });
});

it("keeps from the network what names a program, path, listener, proxy or auth mode", () => {
  const open = configPaths().filter((path) => !specOf(path).hostOnly);
  expect(open).toEqual([
    "gateway.name",
    "gateway.pairing.open",
    "gateway.sshTarget",
    "gateway.nodes.commands.allow",
    "gateway.nodes.commands.deny",
    "logging.level",
  ]);
});

it("explains why it refuses the auth modes of other gateways", () => {
  const [issue] = interpretConfig(nest("gateway.auth.mode", "none"), "f").errors;
  expect(issue?.message).toBe(
    'gateway.auth.mode: found "none", expected "token" or "password" ' +
      "(this gateway never runs without a secret; devices are let in by approval)",
  );
  expect(issue?.next).toEqual(openclaw`config set gateway.auth.mode token`);
});

it("sends a webhook's URL that is a secret into a file, without showing it", () => {
  const secret = "https://hooks.slack.com/services/T0000/B0000/aaaaaaaaaaaaaaaaaaaaaaaa";
  const [issue] = interpretConfig(nest("notify.webhook.url", secret), "f").errors;
  expect(issue).toMatchObject({
    message:
      "notify.webhook.url: found text (hidden), expected an https:// or http:// URL that holds no secret " +
      "(a part of its path looks like a secret: write it into a file and set notify.webhook.urlFile)",
    next: [
      openclaw`config set notify.webhook.urlFile /etc/openclaw-gateway/webhook-url`,
      " (with the URL in that file), then: ",
      openclaw`config unset notify.webhook.url`,
    ],
  });
});

it("writes origins as browsers send them", () => {
  const text = nest("gateway.controlUi.allowedOrigins", [
    "HTTPS://App.Example.com:443/",
    "APP://X",
  ]);
  expect(interpretConfig(text, "f").values.get("gateway.controlUi.allowedOrigins")).toEqual([
    "https://app.example.com",
    "app://x",
  ]);
});

it("hides clear secrets from whoever prints, copies or freezes the config", () => {
  const config = buildConfig(new Map([["gateway.auth.token", "s3cret-value"]]));
  expect(config.gateway.auth.token).toBe("s3cret-value");
  expect(JSON.stringify(config)).not.toContain("s3cret");
  expect(JSON.stringify({ ...config.gateway.auth })).not.toContain("s3cret");
  expect(Object.isFrozen(config.gateway.trustedProxies)).toBe(true);
});

describe("devicelessCliMode", () => {
  const cases: [Partial<Record<ConfigPath, unknown>>, string][] = [
    [{}, "loopback"],
    [{ "gateway.bind": "127.0.0.2" }, "loopback"],
    [{ "gateway.bind": "::1" }, "loopback"],
    [{ "gateway.bind": "lan" }, "never"],
    [{ "gateway.bind": "0.0.0.0" }, "never"],
    [{ "gateway.publicUrl": "https://a.example" }, "never"],
    [{ "gateway.trustedProxies": ["127.0.0.1"] }, "never"],
    [{ "gateway.socket": "/run/g.sock" }, "never"],
    [{ "gateway.auth.devicelessCli": "never" }, "never"],
    [{ "gateway.auth.devicelessCli": "loopback", "gateway.bind": "lan" }, "loopback"],
  ];
  it.each(cases)("%j: %s", (values, mode) => {
    const entries = Object.entries(values) as [ConfigPath, unknown][];
    expect(devicelessCliMode(buildConfig(new Map(entries)))).toBe(mode);
  });
});

describe('gateway.bind "none"', () => {
  const socket = { socket: "/run/gateway.sock" };

  it("is refused without a socket, in the file and as a flag, with what to type", () => {
    const issue = {
      path: "gateway.bind",
      next: openclaw`config set gateway.socket /run/openclaw-gateway/public/gateway.sock`,
    };
    const file = interpretConfig('{ "gateway": { "bind": "none" } }', "f");
    expect(file.errors).toEqual([expect.objectContaining(issue)]);
    const flags = { "gateway.bind": "none" };
    const loaded = evaluateConfig(sourceOf("f", "{}"), { path: "f", flags });
    expect(loaded.errors).toEqual([expect.objectContaining(issue)]);
  });

  it("is fine with one, and then nothing outside is reached by TCP", () => {
    const text = JSON.stringify({ gateway: { bind: "none", ...socket } });
    expect(interpretConfig(text, "f").errors).toEqual([]);
  });
});
