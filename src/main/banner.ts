import type { FirstStart } from "../gateway/first-start.ts";
import type { HostInfo } from "../methods/services.ts";
import { type Command, openclaw } from "../protocol/command.ts";
import { joined, say, type Text } from "../protocol/text.ts";

interface BannerFacts {
  readonly info: HostInfo;
  readonly first: FirstStart;
  readonly fingerprint: string;
  readonly counts: { readonly pending: number; readonly devices: number };
  /** What opens the page on another computer, where its address leads to this machine alone. */
  readonly tunnel?: Command | undefined;
}

/** What a person at the terminal reads when the gateway is up: where it is and what to do next. */
export function banner(facts: BannerFacts): Text {
  const { info, first, counts } = facts;
  const lines: Text[] = [
    "",
    `  OpenClaw gateway ${info.version} is running.`,
    "",
    `  Page         ${info.pageUrl}`,
    `  Listens on   ${info.listening.join(", ")}`,
    `  Fingerprint  ${facts.fingerprint}`,
    `  State        ${info.stateDir}`,
    "",
  ];
  if (first.ownerInvite) lines.push(...ownerLines(facts, first.ownerInvite.secret));
  else lines.push(...pairedLines(counts));
  if (first.token !== undefined) lines.push(...tokenLines(first.token));
  for (const { text } of info.notes) lines.push(say`  Note: ${text}`, "");
  lines.push("  Stop with Ctrl-C.", "", "");
  return joined(lines, "\n");
}

function tunnelLines(tunnel: Command): Text[] {
  const first = "  It opens on this machine alone; on another computer keep this running first:";
  return [first, "", say`    ${tunnel}`, ""];
}

function ownerLines({ info, tunnel }: BannerFacts, secret: string): Text[] {
  return [
    "  Next: open this link in your browser and press “Pair this browser”.",
    say`  It works once, for one hour. A new one: ${openclaw`devices invite`}`,
    "",
    `    ${info.pageUrl}#invite=${secret}`,
    "",
    ...(tunnel === undefined ? [] : tunnelLines(tunnel)),
  ];
}

function pairedLines(counts: BannerFacts["counts"]): Text[] {
  const waiting = counts.pending > 0 ? `, ${counts.pending} waiting for approval` : "";
  return [
    `  ${counts.devices} paired device${counts.devices === 1 ? "" : "s"}${waiting}.`,
    say`  Next: ${openclaw`devices list`}`,
    "",
  ];
}

function tokenLines(token: string): Text[] {
  return [
    say`  Gateway token for other OpenClaw programs, shown this once (a new one: ${openclaw`token new`}):`,
    "",
    `    ${token}`,
    "",
  ];
}
