import type { FirstStart } from "../gateway/first-start.ts";
import type { HostInfo } from "../methods/services.ts";
import { asTyped } from "../words/command.ts";

interface BannerFacts {
  readonly info: HostInfo;
  readonly first: FirstStart;
  readonly fingerprint: string;
  readonly counts: { readonly pending: number; readonly devices: number };
  /** How the command line is called here. */
  readonly command: string;
  /** What opens the page on another computer, where its address leads to this machine alone. */
  readonly tunnel?: string | undefined;
}

/** What a person at the terminal reads when the gateway is up: where it is and what to do next. */
export function banner(facts: BannerFacts): string {
  const { info, first, counts } = facts;
  const lines = [
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
  for (const warning of info.warnings) lines.push(`  Note: ${warning}`, "");
  lines.push("  Stop with Ctrl-C.", "", "");
  return asTyped(lines.join("\n"), facts.command);
}

function tunnelLines(tunnel: string): string[] {
  const first = "  It opens on this machine alone; on another computer keep this running first:";
  return [first, "", `    ${tunnel}`, ""];
}

function ownerLines({ info, tunnel }: BannerFacts, secret: string): string[] {
  return [
    "  Next: open this link in your browser and press “Pair this browser”.",
    "  It works once, for one hour. A new one: openclaw devices invite",
    "",
    `    ${info.pageUrl}#invite=${secret}`,
    "",
    ...(tunnel === undefined ? [] : tunnelLines(tunnel)),
  ];
}

function pairedLines(counts: BannerFacts["counts"]): string[] {
  const waiting = counts.pending > 0 ? `, ${counts.pending} waiting for approval` : "";
  return [
    `  ${counts.devices} paired device${counts.devices === 1 ? "" : "s"}${waiting}.`,
    "  Next: openclaw devices list",
    "",
  ];
}

function tokenLines(token: string): string[] {
  return [
    "  Gateway token for other OpenClaw programs, shown this once (a new one: openclaw token new):",
    "",
    `    ${token}`,
    "",
  ];
}
