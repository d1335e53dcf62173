import { blank, CODE, openclaw, shell } from "../protocol/command.ts";
import { say, type Text } from "../protocol/text.ts";
import type { ValueType } from "./values.ts";
import * as v from "./values.ts";

/** One config key: all that anything needs to know about it. */
export interface KeySpec<out T> {
  readonly type: ValueType<T>;
  readonly default: NoInfer<T>;
  /** One line for people. */
  readonly help: Text;
  /** A value as it is given to `openclaw config set <key>`. */
  readonly example: string;
  /** Names a program, path, listener, proxy trust or the auth mode: only the host may set it. */
  readonly hostOnly: boolean;
  /** `live`: takes effect when the file changes. `restart`: when the gateway starts. */
  readonly apply: "live" | "restart";
  /** A clear-text secret in OpenClaw's own format: read, warned about, never shown. */
  readonly secret?: true;
  /** A URL whose path may be a secret: shown by scheme, host and port alone. */
  readonly originOnly?: true;
  /** The environment variable that overrides the file. */
  readonly env?: string;
  /** Other spellings. */
  readonly aliases?: readonly string[];
  /** A list of what is forbidden: where two spellings of it stand in a file, both count. */
  readonly denies?: true;
  /** A list of commands of nodes. */
  readonly names?: "node-commands";
}

function key<T>(spec: KeySpec<T>): KeySpec<T> {
  return spec;
}

function optional<T>(spec: Omit<KeySpec<T>, "default">): KeySpec<T | undefined> {
  return { ...spec, default: undefined };
}

const noAuthReasons = {
  none: "this gateway never runs without a secret; devices are let in by approval",
  "trusted-proxy": "trust comes from device keys, never from where a connection comes from",
  tailscale: "trust comes from device keys, never from where a connection comes from",
};

/** The table that owns every key. Order is the order of the reference page. */
const configTable = {
  "gateway.port": key({
    type: v.wholeNumber(0, 65535),
    default: 18789,
    help: "TCP port to listen on; 0 takes any free port.",
    example: "18789",
    hostOnly: true,
    apply: "restart",
    env: "OPENCLAW_GATEWAY_PORT",
  }),
  "gateway.bind": key({
    type: v.bindAddress,
    default: "loopback",
    help: 'Address to listen on: "loopback" (this machine), "lan" (every interface), one IP address, or "none" (gateway.socket alone).',
    example: "loopback",
    hostOnly: true,
    apply: "restart",
    env: "OPENCLAW_GATEWAY_BIND",
  }),
  "gateway.socket": optional({
    type: v.socketPath,
    help: "Public Unix socket for nginx to connect to.",
    example: "/run/openclaw-gateway/public/gateway.sock",
    hostOnly: true,
    apply: "restart",
  }),
  "gateway.publicUrl": optional({
    type: v.webUrl,
    help: "URL under which people reach the gateway from outside.",
    example: "https://gateway.example.com",
    hostOnly: true,
    apply: "live",
    env: "OPENCLAW_GATEWAY_PUBLIC_URL",
  }),
  "gateway.name": optional({
    type: v.displayName,
    help: "Name shown to people and devices.",
    example: "home-server",
    hostOnly: false,
    apply: "live",
  }),
  "gateway.auth.mode": key({
    type: v.oneOf(["token", "password"], noAuthReasons),
    default: "token",
    help: "Which shared secret a new client presents.",
    example: "token",
    hostOnly: true,
    apply: "live",
  }),
  "gateway.auth.token": optional({
    type: v.clearSecret,
    help: say`Shared token in clear, as OpenClaw writes it; \`${openclaw`config migrate-secrets`}\` moves it out.`,
    example: "TOKEN",
    hostOnly: true,
    apply: "live",
    secret: true,
    aliases: ["gateway.token"],
  }),
  "gateway.auth.password": optional({
    type: v.clearSecret,
    help: say`Shared password in clear, as OpenClaw writes it; \`${openclaw`config migrate-secrets`}\` moves it out.`,
    example: "PASSWORD",
    hostOnly: true,
    apply: "live",
    secret: true,
    aliases: ["gateway.password"],
  }),
  "gateway.auth.devicelessCli": key({
    type: v.oneOf(["auto", "loopback", "never"]),
    default: "auto",
    help: 'Whether a CLI without a device key may use the shared secret from this machine; "auto": only while nothing outside can reach the gateway.',
    example: "never",
    hostOnly: true,
    apply: "live",
  }),
  "gateway.pairing.open": key({
    type: v.flag,
    default: true,
    help: "Whether a new device may ask for approval without knowing the shared secret.",
    example: "false",
    hostOnly: false,
    apply: "live",
  }),
  "gateway.trustedProxies": key({
    type: v.networks,
    default: [],
    help: "Proxies whose X-Forwarded-For is believed, for display and limits only.",
    example: '["127.0.0.1"]',
    hostOnly: true,
    apply: "live",
    env: "OPENCLAW_GATEWAY_TRUSTED_PROXIES",
  }),
  "gateway.controlUi.allowedOrigins": key({
    type: v.origins,
    default: [],
    help: "Web origins that may connect besides the gateway's own pages; `https://*.example.net` stands for every name below that one.",
    example: '["https://app.example.com"]',
    hostOnly: true,
    apply: "live",
  }),
  "gateway.sshTarget": optional({
    type: v.sshTarget,
    help: say`What the page shows in \`${shell`ssh ${blank("<target>")} openclaw devices approve ${CODE}`}\` while gateway.ssh.account is not set.`,
    example: "root@gateway.example.com",
    hostOnly: false,
    apply: "live",
  }),
  "gateway.ssh.account": optional({
    type: v.accountName,
    help: say`Account for approval over SSH (\`${openclaw`ssh enable`}\` makes and sets it); the page then shows \`${shell`ssh ${blank("<account>@<host>")} approve ${CODE}`}\`.`,
    example: "openclaw",
    hostOnly: true,
    apply: "live",
  }),
  "gateway.ssh.host": optional({
    type: v.hostName,
    help: "Host in that line; without it the one of gateway.publicUrl, else the name in the browser's address bar.",
    example: "gateway.example.com",
    hostOnly: true,
    apply: "live",
  }),
  "gateway.ssh.port": key({
    type: v.wholeNumber(1, 65535),
    default: 22,
    help: "Port of sshd in that line.",
    example: "22",
    hostOnly: true,
    apply: "live",
  }),
  "gateway.ssh.authorizedKeys": optional({
    type: v.filePath,
    help: say`File in which \`${openclaw`ssh`}\` keeps a marked block of approvers' keys, where sshd can't be given a file of its own.`,
    example: "/home/ann/.ssh/authorized_keys",
    hostOnly: true,
    apply: "live",
  }),
  "dashboard.root": optional({
    type: v.filePath,
    help: "Folder of a web app to serve, such as `dist/control-ui` of npm's `openclaw`; the gateway's own page is then at /pair/.",
    example: "/opt/openclaw-web/dist/control-ui",
    hostOnly: true,
    apply: "restart",
  }),
  "metrics.tokenFile": optional({
    type: v.filePath,
    help: "File with a token that reads /metrics and nothing else (Prometheus: `credentials_file`).",
    example: "/etc/openclaw-gateway/metrics-token",
    hostOnly: true,
    apply: "live",
  }),
  "notify.webhook.url": optional({
    type: v.webhookUrl,
    help: "Webhook that is told of every new request for approval; see docs/notifications.md.",
    example: "https://ntfy.example.com/gateway",
    hostOnly: true,
    apply: "live",
    originOnly: true,
  }),
  "notify.webhook.urlFile": optional({
    type: v.filePath,
    help: "File whose first line is the webhook's URL, for URLs that are secrets, such as Slack's; counts before notify.webhook.url.",
    example: "/etc/openclaw-gateway/webhook-url",
    hostOnly: true,
    apply: "live",
  }),
  "notify.webhook.headersFile": optional({
    type: v.filePath,
    help: "File with headers for the webhook, one a line, such as `Authorization: Bearer …`.",
    example: "/etc/openclaw-gateway/webhook-headers",
    hostOnly: true,
    apply: "live",
  }),
  "notify.webhook.format": key({
    type: v.oneOf(["json", "text", "slack"]),
    default: "json",
    help: 'What the webhook reads: "json" (every fact; Apprise, mail bridges), "text" (ntfy), "slack" (Slack, Mattermost, Discord\'s /slack).',
    example: "text",
    hostOnly: true,
    apply: "live",
  }),
  "gateway.egress": key({
    type: v.networks,
    default: [],
    help: "Private addresses and networks that the gateway itself may connect to (webhooks). Public ones need no entry; link-local and metadata addresses are never connected to.",
    example: '["127.0.0.1"]',
    hostOnly: true,
    apply: "live",
  }),
  "gateway.nodes.commands.allow": key({
    type: v.commandNames,
    default: [],
    help: "Node commands that may be approved besides those of the node's platform, such as camera.snap.",
    example: '["camera.snap"]',
    hostOnly: false,
    apply: "live",
    aliases: ["gateway.nodes.allowCommands"],
    names: "node-commands",
  }),
  "gateway.nodes.commands.deny": key({
    type: v.commandNames,
    default: [],
    help: "Node commands that are never asked for and never run, whatever was approved.",
    example: '["system.run"]',
    hostOnly: false,
    apply: "live",
    aliases: ["gateway.nodes.denyCommands"],
    names: "node-commands",
    denies: true,
  }),
  "logging.level": key({
    type: v.oneOf(["trace", "debug", "info", "warn", "error", "fatal"]),
    default: "info",
    help: "Least severe level that is logged.",
    example: "info",
    hostOnly: false,
    apply: "live",
  }),
  "logging.file": optional({
    type: v.filePath,
    help: "File that receives the log instead of standard output; older ones are kept as FILE.1 to FILE.4, where no other files have these names.",
    example: "/var/log/openclaw-gateway/gateway.log",
    hostOnly: true,
    apply: "restart",
  }),
} as const;

export type ConfigPath = keyof typeof configTable;

/** Every key with its value, by dotted path. */
export type FlatConfig = {
  readonly [P in ConfigPath]: (typeof configTable)[P] extends KeySpec<infer T> ? T : never;
};

/** The part of `F` below the section `H`, with the section's name taken off the paths. */
type Below<F, H extends string> = {
  readonly [P in keyof F & string as P extends `${H}.${infer Rest}` ? Rest : never]: F[P];
};

/** Turns dotted paths into nested objects. */
type Nested<F> = {
  readonly [P in keyof F & string as P extends `${infer H}.${string}`
    ? H
    : P]: P extends `${infer H}.${string}` ? Nested<Below<F, H>> : F[P];
};

/**
 * The settings in effect. Every key is present; optional ones may be `undefined`. Frozen. Clear
 * secrets are not enumerable, so that logging or copying a config never carries them along.
 */
export type GatewayConfig = Nested<FlatConfig>;

/** All keys, in the table's order. */
export function configPaths(): ConfigPath[] {
  return Object.keys(configTable) as ConfigPath[];
}

function isConfigPath(path: string): path is ConfigPath {
  return Object.hasOwn(configTable, path);
}

export function specOf(path: ConfigPath): KeySpec<unknown> {
  return configTable[path];
}

/** The names under which a key may stand in a file, its own first. */
export function namesOf(path: ConfigPath): readonly string[] {
  return [path, ...(specOf(path).aliases ?? [])];
}

/** The key meant by a name or alias, or undefined. */
export function resolveKey(name: string): ConfigPath | undefined {
  if (isConfigPath(name)) return name;
  return configPaths().find((path) => specOf(path).aliases?.includes(name));
}

/** Whether `path` is a section that holds known keys. */
export function isSection(path: string): boolean {
  return configPaths().some((known) => known.startsWith(`${path}.`));
}
