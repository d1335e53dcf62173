import { openclaw, shell } from "../../../protocol/command.ts";
import { say, type Text } from "../../../protocol/text.ts";
import { RESTART, SERVICE, UP, variableSet } from "../../../words/container.ts";
import { folderOwnerCure, secretOwnerCure } from "../../../words/mount-owner.ts";
import { configChecks, openAddresses } from "./config-checks.ts";
import type { Check, DoctorFacts } from "./facts.ts";
import { gatewayChecks } from "./gateway-checks.ts";
import { machineChecks, SET_CLOCK } from "./machine-checks.ts";
import { stateChecks } from "./state-checks.ts";
import { fail, note, ok, warn } from "./verdict.ts";
import { webhookChecks } from "./webhook-checks.ts";

const UNSET_ACCOUNT = openclaw`config unset gateway.ssh.account`;

/** The same judgement, with what helps in a container. */
function but(
  check: Check | undefined,
  next: Text | ((facts: DoctorFacts) => Text | undefined),
): Check {
  return (facts) => {
    const verdict = check?.(facts);
    if (!verdict || verdict.level === "ok") return verdict;
    return { ...verdict, next: (typeof next === "function" ? next(facts) : next) ?? verdict.next };
  };
}

const running: Check = (facts) => {
  const { gateway, machine } = facts;
  if (gateway.how !== "unreachable") return gatewayChecks["gateway.running"]?.(facts);
  if (!gateway.denied) return fail(`The gateway does not answer: ${gateway.message}.`, RESTART);
  const message = `User ${machine.uid} may not ask the gateway: ${gateway.message}.`;
  return warn(message, "run the command as the container's own user, without -u or --user");
};

/** Which of the host's addresses lead to it is for the engine to say. */
const exposure: Check = (facts) => {
  const { gateway: settings } = facts.config;
  if (!settings) return undefined;
  const open = openAddresses(facts, settings.bind);
  if (open.length === 0) return ok("The gateway listens in its container only.");
  const { publicUrl } = settings;
  if (publicUrl?.toLowerCase().startsWith("https://")) {
    return ok(`The gateway listens on ${open.join(", ")}; people reach it by ${publicUrl}.`);
  }
  return note(
    "No https:// public URL is set: where its port is published on more than 127.0.0.1, secrets and messages cross the network readable.",
    shell`docker compose port ${SERVICE} ${settings.port}`,
  );
};

/** A key that the environment sets is changed there. */
const publicUrl: Check = but(configChecks["config.public-url"], ({ config }) => {
  const set = config.overrides.find(({ path }) => path === "gateway.publicUrl");
  return set && variableSet(set.name, "https://gateway.example.com", true);
});

/** In a network that the container shares with other programs, such as its host's. */
const otherPort = ({ machine }: DoctorFacts): Text => {
  const other = machine.port?.number === 18_790 ? "18791" : "18790";
  const set = variableSet("OPENCLAW_GATEWAY_PORT", other, true);
  return say`publish port ${other} in place of ${machine.port?.number ?? "the taken one"}, and ${set}`;
};

/** The owner of what is mounted is changed on the host: in the container no user has the right. */
const ownerOf = ({ state, machine }: DoctorFacts) => {
  const all = [state.found, ...(state.entries ?? [])];
  const other = all.find((one) => one && one.uid !== machine.uid);
  return other && folderOwnerCure(state.folder, other, { isContainer: true, self: machine })?.next;
};

const access: Check = but(configChecks["config.access"], ({ config, machine }) => {
  return (
    config.file &&
    secretOwnerCure(config.path, config.file, { isContainer: true, self: machine })?.next
  );
});

const webhookFiles: Check = but(webhookChecks["notify.files"], ({ config, machine }) => {
  const files = config.webhook?.files ?? [];
  const other = files.find(({ found }) => found && found.uid !== machine.uid);
  return (
    other?.found &&
    secretOwnerCure(other.path, other.found, { isContainer: true, self: machine })?.next
  );
});

const ssh: Check = ({ config }) => {
  if (config.gateway?.ssh.account === undefined) return ok("Approval over SSH is off.");
  return warn(
    `gateway.ssh.account is "${config.gateway.ssh.account}", and no sshd of a container knows it.`,
    UNSET_ACCOUNT,
  );
};

/** What is judged otherwise where the gateway has a container; `undefined`: what its owner has no part in. */
export const containerChecks: Readonly<Record<string, Check>> = {
  "node.version": but(
    gatewayChecks["node.version"],
    say`take a newer image of the gateway, then: ${UP}`,
  ),
  "gateway.running": running,
  "gateway.version": but(gatewayChecks["gateway.version"], RESTART),
  "config.access": access,
  "config.exposure": exposure,
  "config.public-url": publicUrl,
  "state.folder": but(stateChecks["state.folder"], ownerOf),
  "state.owners": but(stateChecks["state.owners"], ownerOf),
  clock: but(machineChecks["clock"], say`on the host: ${SET_CLOCK}`),
  port: but(machineChecks["port"], otherPort),
  supervision: () => undefined,
  "open-files": but(
    machineChecks["open-files"],
    say`raise ulimits: nofile: of the service in compose.yaml, then: ${UP}`,
  ),
  "other.command": () => undefined,
  "other.gateway": () => undefined,
  "ssh.setup": ssh,
  "ssh.groups": () => undefined,
  "ssh.keys": () => undefined,
  "notify.files": webhookFiles,
};
