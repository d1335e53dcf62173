import type { EgressRefused } from "../lib/egress.ts";
import { type Command, openclaw } from "../protocol/command.ts";

/**
 * Why a connection was refused and the command that allows it, if anything does. `host` is where it
 * was meant to go, by scheme, name and port alone: the rest of a URL may be a secret.
 */
export function egressRefusal(
  refused: EgressRefused,
  { host, allowed }: { readonly host: string; readonly allowed: readonly string[] },
): { message: string; next?: Command } {
  const { address, what } = refused;
  const leads = host.includes(address)
    ? `${host} is ${what}`
    : `${host} leads to ${address}, ${what}`;
  if (refused.never) return { message: `${leads}; this gateway never connects there` };
  const message = `${leads}; this gateway connects there only if gateway.egress says so`;
  return { message, next: egressCommand(allowed, address) };
}

/** The command that allows `address` besides what is allowed already. */
export function egressCommand(allowed: readonly string[], address: string): Command {
  return openclaw`config set gateway.egress ${[...allowed, address].join(",")}`;
}
