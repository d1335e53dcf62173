import { isIPv4 } from "node:net";
import {
  type ConfigPath,
  configPaths,
  type FlatConfig,
  type GatewayConfig,
  specOf,
} from "./schema.ts";

/** Values by key; keys that are absent take their default. */
export type ConfigValues = ReadonlyMap<ConfigPath, unknown>;

interface Section {
  [name: string]: Section | unknown;
}

/** The config in effect for `values`. The values must come from the table's own readers. */
export function buildConfig(values: ConfigValues = new Map()): GatewayConfig {
  const root: Section = {};
  for (const path of configPaths()) {
    const spec = specOf(path);
    const value = values.has(path) ? values.get(path) : spec.default;
    const segments = path.split(".");
    const name = segments.pop() ?? "";
    Object.defineProperty(sectionAt(root, segments), name, {
      value: Array.isArray(value) ? Object.freeze([...value]) : value,
      enumerable: !spec.secret && !spec.originOnly,
    });
  }
  return freeze(root) as unknown as GatewayConfig;
}

/** The value of one key in a config. */
export function getValue<P extends ConfigPath>(config: GatewayConfig, path: P): FlatConfig[P] {
  let at: unknown = config;
  for (const segment of path.split(".")) at = (at as Section)[segment];
  return at as FlatConfig[P];
}

/** The name that devices and people see, where the owner gave none: that of the machine. */
export function gatewayName({ gateway }: GatewayConfig, hostName: string): string {
  return gateway.name ?? hostName;
}

/** What a URL has where the gateway listens on every address. */
const EVERY_ADDRESS = /\/\/(0\.0\.0\.0|\[::\])(?=:)/;

/**
 * Where a person opens the gateway's own page, with a slash at its end: a web app of `dashboard.root` has
 * the root for itself. `listening`: where it listens, such as `http://0.0.0.0:18789`, first the one to name.
 */
export function pageUrl(
  { gateway, dashboard }: GatewayConfig,
  listening: readonly string[],
  hostName: string,
): string {
  const { publicUrl, port } = gateway;
  const first = listening.find((where) => where.startsWith("http://"));
  const own = (first ?? `http://127.0.0.1:${port}`).replace(EVERY_ADDRESS, `//${hostName}`);
  const url = publicUrl ?? own;
  const root = url.endsWith("/") ? url : `${url}/`;
  return dashboard.root === undefined ? root : `${root}pair/`;
}

/**
 * Whether a CLI without a device key may connect with the shared secret alone. `auto` allows it
 * only while nothing outside the machine can reach the gateway: behind a proxy or forwarder a
 * stranger's connection looks local.
 */
export function devicelessCliMode(config: GatewayConfig): "loopback" | "never" {
  const { auth, publicUrl, trustedProxies, socket, bind } = config.gateway;
  if (auth.devicelessCli !== "auto") return auth.devicelessCli;
  const reachable =
    publicUrl !== undefined ||
    socket !== undefined ||
    trustedProxies.length > 0 ||
    !isLoopback(bind);
  return reachable ? "never" : "loopback";
}

function isLoopback(bind: string): boolean {
  return (
    bind === "loopback" ||
    bind === "none" ||
    bind === "::1" ||
    (isIPv4(bind) && bind.startsWith("127."))
  );
}

function sectionAt(root: Section, segments: readonly string[]): Section {
  let section = root;
  for (const segment of segments) {
    section[segment] ??= {};
    section = section[segment] as Section;
  }
  return section;
}

function freeze(section: Section): Section {
  for (const value of Object.values(section)) {
    if (typeof value === "object" && value !== null) freeze(value as Section);
  }
  return Object.freeze(section);
}

/** Whether sshd is to ask a helper for the keys; else they stand in an authorized_keys, or nowhere. */
export function sshAsksForKeys({ gateway }: GatewayConfig): boolean {
  return gateway.ssh.account !== undefined && gateway.ssh.authorizedKeys === undefined;
}
