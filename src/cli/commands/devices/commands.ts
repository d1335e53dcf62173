import { leftOutWords } from "../../../words/scopes.ts";
import { declare } from "../../kit/declare.ts";

const FORCE = "also where it is the last way in with full control";
const ROLES = ["operator", "node"] as const;

const list = declare({
  name: "list",
  summary: "requests that wait for approval, and paired devices",
  shape: (command) =>
    command
      .option("--stale [age]", "only paired devices not seen for this long (default 30d)")
      .option("--role <role>", "only this role: operator or node")
      .option("--query <text>", "only where this is in a name, id, platform or client")
      .option("--limit <count>", "at most this many of each (default 50 on a terminal; 0: all)")
      .option("--all", "all of them, as where a pipe or file reads it")
      .option("--cursor <cursor>", "go on where a list ended: it says how"),
  completes: { role: ROLES },
}).runs(async () => (await import("./list.ts")).list);

const show = declare({
  name: "show",
  summary: "all about one request: who asks, from where, for what, with which key",
  shape: (command) => command.argument("[code...]"),
  completes: { code: "device-request" },
}).runs(async () => (await import("./show.ts")).show);

const watch = declare({
  name: "watch",
  summary: "see who asks as it happens; look at each with Enter, then approve or reject",
}).runs(async () => (await import("../watch/watch.ts")).watch);

const approve = declare({
  name: "approve",
  summary: "let a device in: its code, or its full device id",
  shape: (command) =>
    command
      .argument("[code...]")
      .option(
        "--without <right>",
        "leave out a right that the card shows: nodes, to run commands on nodes",
      )
      .option("--yes", "do not ask; a whole code is never asked about")
      .option("--latest", "not done, and why not"),
  completes: { code: "device-request", without: Object.keys(leftOutWords) },
}).runs(async () => (await import("./approve.ts")).approve);

const reject = declare({
  name: "reject",
  summary: "reject a request: its code, or its full device id",
  shape: (command) => command.argument("[code...]"),
  completes: { code: "device-request" },
}).runs(async () => (await import("./approve.ts")).reject);

const remove = declare({
  name: "remove",
  summary: "forget a paired device; its connections close at once",
  shape: (command) =>
    command
      .argument("[device...]")
      .option("--yes", "accepted for scripts")
      .option("--force", FORCE),
  completes: { device: "device" },
}).runs(async () => (await import("./paired.ts")).remove);

const rename = declare({
  name: "rename",
  summary: "give a paired device your own name for it",
  shape: (command) =>
    command
      .argument("[device]")
      .argument("[name...]")
      .option("--device <device>", "the device, instead of as the first word")
      .option("--name <name>", "the name, instead of as the last words"),
  completes: { device: "device" },
}).runs(async () => (await import("./paired.ts")).rename);

const rotate = declare({
  name: "rotate",
  summary: "end a device's token and make it a new one",
  shape: (command) =>
    command
      .argument("[device...]")
      .option("--device <device>", "the device, instead of as a word")
      .option("--role <role>", "which role's token, where it has several")
      .option("--scope <scope...>", "leave it only these scopes, until it is approved for more")
      .option("--force", FORCE),
  completes: { device: "device", role: ROLES },
}).runs(async () => (await import("./tokens.ts")).rotate);

const revoke = declare({
  name: "revoke",
  summary: "end a device's token until you approve it again",
  shape: (command) =>
    command
      .argument("[device...]")
      .option("--device <device>", "the device, instead of as a word")
      .option("--role <role>", "which role's token, where it has several")
      .option("--force", FORCE),
  completes: { device: "device", role: ROLES },
}).runs(async () => (await import("./tokens.ts")).revoke);

const revokeAll = declare({
  name: "revoke-all",
  summary: "for the bad day: end every device's token, every request and every link",
  shape: (command) =>
    command
      .option("--except <device...>", "this device stays; may be given several times")
      .option("--yes", "do it without asking")
      .option("--force", "also where nobody would be left with full control"),
  completes: { except: "device" },
}).runs(async () => (await import("./revoke-all.ts")).revokeAll);

const clear = declare({
  name: "clear",
  summary: "remove many at once: all paired devices, unless an option narrows it",
  shape: (command) =>
    command
      .option("--pending", "reject the requests that wait")
      .option("--stale <age>", "remove paired devices not seen for this long")
      .option("--yes", "do it")
      .option("--force", FORCE),
}).runs(async () => (await import("./clear.ts")).clear);

const inviteList = declare({
  name: "list",
  summary: "links and setup codes that still pair someone",
}).runs(async () => (await import("./links.ts")).links);

const inviteRevoke = declare({
  name: "revoke",
  summary: "end a link or setup code; devices that it paired stay",
  shape: (command) => command.argument("[link]"),
}).runs(async () => (await import("./links.ts")).revokeLink);

const invite = declare({
  name: "invite",
  summary: "a link that pairs the device which opens it; it works once",
  shape: (command) =>
    command
      .option("--role <role>", "operator (default) or node")
      .option("--scopes <list>", "what it may do: read,write,nodes (default), admin, owner, …")
      .option("--expires <time>", "how long the link lives: 1h (default) up to 30d")
      .option("--name <name>", "your name for the device")
      .option("--uses <count>", "pair as many devices as this, for fleets (default 1)")
      .option("--qr", "draw it as a QR code for a phone's camera")
      .option("--setup-code", "a code for OpenClaw's own apps instead of a link; lives 10m")
      .option("--access <access>", "what a setup code gives: full (default), limited or node")
      .option(
        "--public-url <url>",
        "the gateway's address in a setup code, if not gateway.publicUrl",
      )
      .option("--pin <sha256>", "the gateway's own certificate, for nodes and setup codes"),
  completes: {
    role: ROLES,
    scopes: ["read", "read,write", "read,write,nodes", "admin", "owner"],
    access: ["full", "limited", "node"],
  },
  under: [inviteList, inviteRevoke],
}).runs(async () => (await import("./invite.ts")).invite);

/** `openclaw devices …` */
export const devices = declare({
  name: "devices",
  summary: "who waits for approval, who is paired, and what they may do",
  under: [
    list,
    show,
    watch,
    approve,
    reject,
    remove,
    rename,
    rotate,
    revoke,
    revokeAll,
    clear,
    invite,
  ],
});
