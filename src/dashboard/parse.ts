/** Reads what the gateway sends. Nothing is assumed: fields may be missing, huge or hostile. */
import type { Gateway, PairRequest, Peer } from "./model.ts";
import { commandText, HOST, openclaw, shell } from "./shared.ts";
import { clean, cleanList } from "./text.ts";

export type Fields = Record<string, unknown>;

/** The value's fields; none for what has none. */
export const fields = (value: unknown): Fields => Object(value) as Fields;

export function count(value: unknown): number {
  return typeof value === "number" && value > 0 && value < 1e15 ? value : 0;
}

const SHOWN = 50;

/** Who is connected: those that left are announced too, and are not shown. */
export function peersOf(value: unknown, ownId: string): Peer[] {
  const rows = (Array.isArray(value) ? value : []).map(fields);
  const here = rows.filter((row) => row["reason"] !== "disconnect");
  const peers = here.slice(0, SHOWN).map((row) => {
    const id = clean(row["deviceId"]);
    return {
      name: clean(row["host"]) || id.slice(0, 12) || "Unnamed",
      about: cleanList([row["mode"], row["platform"], row["version"]]).join(" · "),
      isSelf: id !== "" && id === ownId,
    };
  });
  const more = here.length - SHOWN;
  return more > 0 ? [...peers, { name: `and ${more} more`, about: "", isSelf: false }] : peers;
}

/** A request to wait on, or undefined when the gateway named none. */
export function requestOf(
  details: Fields,
  { host, skew }: { host: string; skew: number },
): PairRequest | undefined {
  const id = clean(details["requestId"], 128);
  if (!/^[A-Za-z0-9][\w.:-]*$/.test(id)) return undefined;
  const command =
    clean(details["approveCommand"], 300) || commandText(openclaw`devices approve ${id}`);
  const expires = count(details["expiresAtMs"]);
  return {
    id,
    command,
    ssh: sshLine(clean(details["sshCommand"], 400), command, host),
    expiresAt: expires && expires - skew,
    scopes: cleanList(details["requestedScopes"]),
    approved: cleanList(details["approvedScopes"]),
    offered: cleanList(details["offeredScopes"]),
    asker: cleanList([details["kind"], details["address"]]).join(", from "),
  };
}

/** The line from another computer; `""` without the host's name, where it can't be typed. */
function sshLine(given: string, command: string, host: string): string {
  // What a compose file names is known in its folder alone.
  if (!given && /^docker.compose /.test(command)) return "";
  if (!given) return host && `${commandText(shell`ssh root@${host}`)} ${command}`;
  return host || !given.includes(HOST) ? given.replace(HOST, host) : "";
}

/** What `value` says about the gateway, laid over what is known. */
export function gatewayOf(value: unknown, known: Gateway): Gateway {
  const info = fields(value);
  return {
    name: clean(info["name"]) || known.name,
    release: clean(info["version"]) || known.release,
    fingerprint: clean(info["fingerprint"]) || known.fingerprint,
    command: clean(info["command"], 200) || known.command,
  };
}
