import { type Command, openclaw } from "../protocol/command.ts";
import { commandsByPlatform, dangerousCommands, talkCommands } from "../protocol/node-commands.ts";

/**
 * Which commands a node may declare at all, by its platform, as in OpenClaw's gateway. A node
 * names its platform itself: the lists keep surprises out of requests, approval alone grants.
 */

/** What the owner configured. */
export interface CommandPolicy {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** Beginnings of what platforms and device families call themselves. */
const spellings: readonly (readonly [platform: string, ...beginnings: string[]])[] = [
  ["ios", "ios", "ipados", "iphone", "ipad"],
  ["watchos", "watchos", "apple watch"],
  ["android", "android"],
  ["macos", "macos", "mac", "darwin"],
  ["windows", "win32", "windows"],
  ["linux", "linux"],
];

/** The platform whose list counts: the claimed one, else what the device family gives away. */
export function platformOf(node: { platform?: string; deviceFamily?: string }): string {
  for (const text of [node.platform, node.deviceFamily]) {
    const plain = text?.trim().toLowerCase() ?? "";
    const hit = spellings.find(([, ...all]) => all.some((one) => plain.startsWith(one)));
    if (hit) return hit[0];
  }
  return "unknown";
}

/** A node as far as its list depends on it. */
interface Declaring {
  readonly platform?: string;
  readonly deviceFamily?: string;
  readonly caps: readonly string[];
}

/**
 * The command that puts a node's command on the list, for the owner to type; it must be declared
 * and approved after that.
 */
export function policyCure(command: string, { allow, deny }: CommandPolicy): Command {
  const denied = deny.filter((one) => one !== command);
  // Taken out in every spelling, where a set would keep what another one denies.
  if (deny.includes(command) && denied.length === 0) {
    return openclaw`config unset gateway.nodes.commands.deny`;
  }
  const [name, list] = deny.includes(command)
    ? (["deny", denied] as const)
    : (["allow", [...allow, command]] as const);
  return openclaw`config set gateway.nodes.commands.${name} ${JSON.stringify(list)}`;
}

/** Why a command is not on the list, for people; `undefined` when it is. */
export function policyProblem(
  command: string,
  node: Declaring,
  policy: CommandPolicy,
): string | undefined {
  if (policy.deny.includes(command)) {
    return `"${command}" is blocked by gateway.nodes.commands.deny`;
  }
  if (policy.allow.includes(command)) return undefined;
  if (dangerousCommands.has(command)) {
    return `"${command}" must first be allowed in gateway.nodes.commands.allow`;
  }
  const platform = platformOf(node);
  if (commandsByPlatform[platform]?.includes(command)) return undefined;
  if (talkCommands.includes(command) && node.caps.includes("talk")) return undefined;
  return `"${command}" is not in the allowlist for platform "${platform}"`;
}
