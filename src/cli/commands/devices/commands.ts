import type { Command } from "commander";
import { lazily, type Shell } from "../../kit/shell.ts";

const FORCE = "also where it is the last way in with full control";

/** `openclaw devices …` */
export function addDeviceCommands(shell: Shell): void {
  const devices = shell.program
    .command("devices")
    .description("who waits for approval, who is paired, and what they may do");
  const list = devices
    .command("list")
    .description("requests that wait for approval, and paired devices")
    .option("--stale [age]", "only paired devices not seen for this long (default 30d)")
    .option("--role <role>", "only this role: operator or node")
    .option("--query <text>", "only where this is in a name, id, platform or client")
    .option("--limit <count>", "at most this many of each (default 50 on a terminal; 0: all)")
    .option("--all", "all of them, as where a pipe or file reads it")
    .option("--cursor <cursor>", "go on where a list ended: it says how");
  lazily(shell, list, async () => (await import("./list.ts")).list);
  const show = devices
    .command("show [code...]")
    .description("all about one request: who asks, from where, for what, with which key");
  lazily(shell, show, async () => (await import("./show.ts")).show);
  const watch = devices
    .command("watch")
    .description("see who asks as it happens; look at each with Enter, then approve or reject");
  lazily(shell, watch, async () => (await import("../watch/watch.ts")).watch);
  const approve = devices
    .command("approve [code...]")
    .description("let a device in: its code, or its full device id")
    .option("--yes", "do not ask; a whole code is never asked about")
    .option("--latest", "not done, and why not");
  lazily(shell, approve, async () => (await import("./approve.ts")).approve);
  const reject = devices
    .command("reject [code...]")
    .description("reject a request: its code, or its full device id");
  lazily(shell, reject, async () => (await import("./approve.ts")).reject);
  addPairedCommands(shell, devices);
  const invite = devices
    .command("invite")
    .description("a link that pairs the device which opens it; it works once")
    .option("--role <role>", "operator (default) or node")
    .option("--scopes <list>", "what it may do: read,write (default), admin, owner, …")
    .option("--expires <time>", "how long the link lives: 1h (default) up to 30d")
    .option("--name <name>", "your name for the device")
    .option("--uses <count>", "pair as many devices as this, for fleets (default 1)")
    .option("--qr", "draw it as a QR code for a phone's camera")
    .option("--setup-code", "a code for OpenClaw's own apps instead of a link; lives 10m")
    .option("--access <access>", "what a setup code gives: full (default), limited or node")
    .option("--public-url <url>", "the gateway's address in a setup code, if not gateway.publicUrl")
    .option("--pin <sha256>", "the gateway's own certificate, for nodes and setup codes");
  lazily(shell, invite, async () => (await import("./invite.ts")).invite);
  const links = invite.command("list").description("links and setup codes that still pair someone");
  lazily(shell, links, async () => (await import("./links.ts")).links);
  const revoke = invite
    .command("revoke [link]")
    .description("end a link or setup code; devices that it paired stay");
  lazily(shell, revoke, async () => (await import("./links.ts")).revokeLink);
}

function addPairedCommands(shell: Shell, devices: Command): void {
  const remove = devices
    .command("remove [device...]")
    .description("forget a paired device; its connections close at once")
    .option("--yes", "accepted for scripts")
    .option("--force", FORCE);
  lazily(shell, remove, async () => (await import("./paired.ts")).remove);
  const rename = devices
    .command("rename [device] [name...]")
    .description("give a paired device your own name for it")
    .option("--device <device>", "the device, instead of as the first word")
    .option("--name <name>", "the name, instead of as the last words");
  lazily(shell, rename, async () => (await import("./paired.ts")).rename);
  const rotate = devices
    .command("rotate [device...]")
    .description("end a device's token and make it a new one")
    .option("--device <device>", "the device, instead of as a word")
    .option("--role <role>", "which role's token, where it has several")
    .option("--scope <scope...>", "leave it only these scopes, until it is approved for more")
    .option("--force", FORCE);
  lazily(shell, rotate, async () => (await import("./tokens.ts")).rotate);
  const revoke = devices
    .command("revoke [device...]")
    .description("end a device's token until you approve it again")
    .option("--device <device>", "the device, instead of as a word")
    .option("--role <role>", "which role's token, where it has several")
    .option("--force", FORCE);
  lazily(shell, revoke, async () => (await import("./tokens.ts")).revoke);
  const revokeAll = devices
    .command("revoke-all")
    .description("for the bad day: end every device's token, every request and every link")
    .option("--except <device...>", "this device stays; may be given several times")
    .option("--yes", "do it without asking")
    .option("--force", "also where nobody would be left with full control");
  lazily(shell, revokeAll, async () => (await import("./revoke-all.ts")).revokeAll);
  const clear = devices
    .command("clear")
    .description("remove many at once: all paired devices, unless an option narrows it")
    .option("--pending", "reject the requests that wait")
    .option("--stale <age>", "remove paired devices not seen for this long")
    .option("--yes", "do it")
    .option("--force", FORCE);
  lazily(shell, clear, async () => (await import("./clear.ts")).clear);
}
