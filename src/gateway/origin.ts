import { isIP } from "node:net";
import { hostName } from "../lib/net.ts";
import { isListedOrigin } from "../lib/origins.ts";

export interface OriginPolicy {
  readonly allowed: readonly string[];
  readonly publicUrl?: string | undefined;
}

/** What a connect says about where its page came from. */
export interface OriginFacts {
  /** The `Origin` header, empty when absent. */
  readonly origin: string;
  readonly host: string;
  /** Browser clients must send one. */
  readonly required: boolean;
}

/**
 * Judges an `Origin`. The same origin passes only under a host that cannot be a rebound name: an IP
 * address, `localhost`, `*.local`, or the configured public URL.
 */
export function judgeOrigin(
  facts: OriginFacts,
  policy: OriginPolicy,
): "none" | "allowed" | "refused" | "missing" {
  if (facts.origin === "") return facts.required ? "missing" : "none";
  if (isListedOrigin(facts.origin, policy.allowed)) return "allowed";
  const origin = parse(facts.origin);
  if (!origin) return "missing";
  if (policy.publicUrl && parse(policy.publicUrl)?.origin === origin.origin) return "allowed";
  const same = origin.host === stripDefaultPort(facts.host, origin.protocol);
  return same && isUnboundName(hostName(facts.host)) ? "allowed" : "refused";
}

function parse(url: string): URL | undefined {
  try {
    const parsed = new URL(url);
    return parsed.protocol === "http:" || parsed.protocol === "https:" ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function stripDefaultPort(host: string, protocol: string): string {
  const port = protocol === "https:" ? ":443" : ":80";
  const lower = host.trim().toLowerCase();
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}

/** Names that an attacker's DNS cannot point at us. */
function isUnboundName(name: string): boolean {
  const local = name === "localhost" || name.endsWith(".localhost") || name.endsWith(".local");
  return local || isIP(name) !== 0;
}
