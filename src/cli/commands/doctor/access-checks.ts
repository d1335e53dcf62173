import { openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { keyUseWords } from "../../../words/key-use.ts";
import { count, quoted, shortId, shown } from "../../kit/words.ts";
import type { Result } from "../../reach/gateway.ts";
import type { Check, DoctorFacts } from "./facts.ts";
import { note, ok, warn } from "./verdict.ts";

type Older = Result<"status">["gateway"]["olderClients"][number];

const NEVER = openclaw`config set gateway.auth.devicelessCli never`;

const devicelessCli: Check = ({ config }) => {
  if (!config.gateway) return undefined;
  const { auth } = config.gateway;
  if (config.devicelessCli === "never") {
    return ok("No client gets in by the shared secret without a device key.");
  }
  const what = "A command line without a device key gets in from this machine by the shared secret";
  if (auth.devicelessCli === "auto") {
    const rule = 'gateway.auth.devicelessCli is "auto" and nothing outside can reach the gateway';
    return note(`${what}: ${rule}.`, NEVER);
  }
  const rule = 'gateway.auth.devicelessCli is "loopback"';
  const reach = reachedBy(config.gateway);
  if (reach === undefined) return note(`${what}: ${rule}.`, NEVER);
  return warn(`${what}: ${rule}, although ${reach}: strangers may look local.`, NEVER);
};

/** What makes the gateway reachable from outside, in the order of the configuration page. */
function reachedBy(gateway: NonNullable<DoctorFacts["config"]["gateway"]>): string | undefined {
  const { bind, socket, publicUrl, trustedProxies } = gateway;
  if (!["loopback", "none", "::1"].includes(bind) && !bind.startsWith("127.")) {
    return `gateway.bind is "${bind}"`;
  }
  if (socket !== undefined) return "gateway.socket is set";
  if (publicUrl !== undefined) return "gateway.publicUrl is set";
  return trustedProxies.length > 0 ? "gateway.trustedProxies is set" : undefined;
}

const secret: Check = ({ gateway, state, config }) => {
  if (!config.gateway) return undefined;
  const { mode } = config.gateway.auth;
  const set = gateway.how === "running" ? gateway.info.secrets : state.inspection?.secrets;
  if (!set) return undefined;
  const inClear = config.warnings.some(({ path, code }) => {
    return code === "CONFIG_CLEAR_SECRET" && path === `gateway.auth.${mode}`;
  });
  if (set[mode] || inClear) return ok(`The shared ${mode} is set.`);
  return note(
    `No shared ${mode} is set: clients that can't wait for approval are refused.`,
    mode === "token" ? openclaw`token new` : openclaw`config set gateway.password -`,
  );
};

function pairing({ gateway, state }: DoctorFacts) {
  return gateway.how === "running" ? gateway.status.pairing : state.inspection?.pairing;
}

const devices: Check = (facts) => {
  const counts = pairing(facts);
  if (!counts) return undefined;
  if (counts.devices > 0) return ok(`${count(counts.devices, "device")} paired.`);
  const next = counts.pending > 0 ? openclaw`devices list` : openclaw`devices invite`;
  return note("No device is paired yet.", next);
};

const requests: Check = (facts) => {
  const counts = pairing(facts);
  if (!counts) return undefined;
  if (counts.pending === 0) return ok("Nobody waits for approval.");
  const who = counts.pending === 1 ? "1 device waits" : `${counts.pending} devices wait`;
  return note(`${who} for approval.`, openclaw`devices list`);
};

const invites: Check = (facts) => {
  const counts = pairing(facts);
  if (!counts) return undefined;
  if (counts.invites === 0) return ok("No unused one-time link is open.");
  const links = count(counts.invites, "one-time link");
  return note(
    `${links} not used yet: whoever has one can pair a device.`,
    openclaw`devices invite list`,
  );
};

/** Clients, or nodes, that are named at most. */
const NAMED = 3;

const sharedKeys: Check = ({ gateway }) => {
  if (gateway.how !== "running") return undefined;
  // An older gateway says nothing of it.
  const { sharedKeys: shared } = gateway.status.nodes ?? {};
  if (shared === undefined) return undefined;
  const copied = shared.filter(({ keyUsedBy }) => keyUsedBy === "machines");
  const those = copied.length > 0 ? copied : shared;
  const [first] = those;
  if (first === undefined) return ok("No node's key is used twice.");
  const { message, next } = keyUseWords(first.keyUsedBy);
  const nodes = those.slice(0, NAMED).map(({ nodeId, names, addresses }) => {
    const named = names.map((name) => quoted(shown(name))).join(" and ");
    return `${named} (${shortId(nodeId)}) at ${addresses.map((one) => shown(one)).join(" and ")}`;
  });
  const words = `${nodes.join("; ")}: ${message}.`;
  return first.keyUsedBy === "machines" ? warn(words, next) : note(words, next);
};

const protocol: Check = ({ gateway }) => {
  if (gateway.how !== "running") return undefined;
  // Absent where a gateway of before runs.
  const older: readonly Older[] | undefined = gateway.status.olderClients;
  if (older === undefined) return undefined;
  if (older.length === 0) return ok("No client that came since the start speaks an old protocol.");
  const names = older.slice(-NAMED).reverse().map(programName);
  const more = older.length - names.length;
  const rest = more > 0 ? ` and ${more} more` : "";
  const spoken = [...new Set(older.map((one) => one.protocol))].join(" and ");
  const speak = older.length === 1 ? "speaks" : "speak";
  return note(
    `${count(older.length, "client")} that came since the start ${speak} protocol ${spoken}, which OpenClaw's own gateway refuses: ${names.join("; ")}${rest}.`,
    say`${openclaw`devices list`} (has their devices; update the programs there)`,
  );
};

/** Such as `openclaw-ios 2026.3.13 on iOS 26.1, "Anna's phone"`. */
function programName({ clientId, version, platform, displayName }: Older): string {
  const program = version === undefined ? shown(clientId) : `${shown(clientId)} ${shown(version)}`;
  const on = platform === undefined ? "" : ` on ${shown(platform)}`;
  return `${program}${on}${displayName === undefined ? "" : `, ${quoted(shown(displayName))}`}`;
}

export const accessChecks: Readonly<Record<string, Check>> = {
  "auth.deviceless-cli": devicelessCli,
  "auth.secret": secret,
  "pairing.devices": devices,
  "pairing.requests": requests,
  "pairing.invites": invites,
  "nodes.shared-keys": sharedKeys,
  "clients.protocol": protocol,
};
