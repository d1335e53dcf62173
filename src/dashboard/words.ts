/** A connection that ended and comes back by itself, in plain words. Refusals: see help.ts. */
import type { Trouble } from "./model.ts";
import { commandText, openclaw } from "./shared.ts";
import { clean } from "./text.ts";

/** No close codes, but refusals for a while. */
export const NOT_READY = 0;
export const LOCKED = 1;

const CLOSES: Readonly<Record<number, string>> = {
  [NOT_READY]: "The gateway is not ready",
  [LOCKED]: "Too many failed attempts|The gateway makes this network wait.",
  1000: "The gateway hung up|Connecting took too long.",
  1012: "The gateway is restarting|This takes a moment.",
  1013: "The gateway is starting",
  // No frame for too long: the code that clients of this protocol use.
  4000: "The connection went quiet|Nothing came from the gateway.",
};

/** After `attempt` tries that failed. */
export function closure(code: number, reason: string, attempt: number): Trouble {
  const said = clean(reason, 240);
  const why = said ? `The gateway said: ${said}.` : "The network or the gateway is away.";
  const [title = "", text = why] = (CLOSES[code] ?? "Connection lost").split("|");
  // A first failure is nearly always the network; a third one is worth a look at the host.
  return {
    title,
    text: `${text} This page reconnects by itself.`,
    command: attempt > 1 && commandText(openclaw`doctor`),
  };
}
