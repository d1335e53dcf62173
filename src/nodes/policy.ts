import { type Command, openclaw } from "../protocol/command.ts";

/**
 * Which commands a node may declare at all, by its platform, as in OpenClaw's gateway. A node
 * names its platform itself: the lists keep surprises out of requests, approval alone grants.
 */

/** What the owner configured. */
export interface CommandPolicy {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

const places = ["camera.list", "location.get"];
const device = ["device.info", "device.status"];
const personal = [
  "contacts.search",
  "calendar.events",
  "reminders.list",
  "photos.latest",
  "motion.activity",
  "motion.pedometer",
];
const desktop = [
  "system.notify",
  "system.run",
  "system.run.prepare",
  "system.which",
  "system.execApprovals.get",
  "system.execApprovals.set",
  "fs.listDir",
  "terminal.upload",
  "browser.proxy",
  "browser.proxy.upload.v1",
  "mcp.tools.call.v1",
  "agent.cli.claude.run.v1",
  "screen.snapshot",
  "desktop.stream",
  "computer.act",
];

const byPlatform: Readonly<Record<string, readonly string[]>> = {
  ios: [...places, ...device, ...personal, "system.notify", "watch.status", "watch.notify"],
  watchos: [...device, "system.notify"],
  android: [
    ...places,
    ...device,
    ...personal,
    "system.notify",
    "notifications.list",
    "notifications.actions",
    "device.permissions",
    "device.health",
    "device.apps",
    "callLog.search",
    "mobile.ui.observe",
    "mobile.ui.act",
  ],
  macos: [
    ...places,
    ...device,
    ...personal,
    ...desktop,
    "device.apps",
    "camera.ptz.status",
    "canvas.present",
    "canvas.hide",
    "canvas.navigate",
  ],
  windows: [...places, ...device, ...desktop],
  linux: [...desktop, "device.apps"],
  unknown: [...places, "system.notify"],
};

const talk = ["talk.ptt.start", "talk.ptt.stop", "talk.ptt.cancel", "talk.ptt.once"];

/** Allowed only where the configuration names them. */
const dangerous = new Set([
  "camera.snap",
  "camera.clip",
  "camera.ptz.control",
  "screen.record",
  "contacts.add",
  "calendar.add",
  "reminders.add",
  "health.summary",
  "sms.send",
  "sms.search",
  "device.apps.launch",
]);

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
  const [name, list] = deny.includes(command)
    ? (["deny", deny.filter((one) => one !== command)] as const)
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
  if (dangerous.has(command)) {
    return `"${command}" must first be allowed in gateway.nodes.commands.allow`;
  }
  const platform = platformOf(node);
  if (byPlatform[platform]?.includes(command)) return undefined;
  if (talk.includes(command) && node.caps.includes("talk")) return undefined;
  return `"${command}" is not in the allowlist for platform "${platform}"`;
}
