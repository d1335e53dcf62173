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

/** What a node may declare, by its platform, as in OpenClaw's gateway. */
export const commandsByPlatform: Readonly<Record<string, readonly string[]>> = {
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

/** What a node with the capability `talk` may declare besides. */
export const talkCommands: readonly string[] = [
  "talk.ptt.start",
  "talk.ptt.stop",
  "talk.ptt.cancel",
  "talk.ptt.once",
];

/** Allowed only where the configuration names them. */
export const dangerousCommands: ReadonlySet<string> = new Set([
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

/** The commands of the nodes that come with OpenClaw. A node of another program may have more. */
export const knownNodeCommands: ReadonlySet<string> = new Set([
  ...Object.values(commandsByPlatform).flat(),
  ...talkCommands,
  ...dangerousCommands,
]);
