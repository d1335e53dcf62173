import type { GatewayConfig } from "../config/schema.ts";
import { isLoopback } from "../lib/net.ts";
import { openclaw } from "../protocol/command.ts";
import type { GatewayNote } from "../protocol/note.ts";
import { say } from "../protocol/text.ts";
import { variableSet } from "../words/container.ts";

interface ProxyFacts {
  readonly address: string;
  readonly trusted: readonly string[];
  /** The variable that sets who is trusted, where one does. */
  readonly variable: string | undefined;
  readonly isContainer: boolean;
}

const TRUSTED = "gateway.trustedProxies";
const TRUSTED_VARIABLE = "OPENCLAW_GATEWAY_TRUSTED_PROXIES";

/** A proxy whose word is not taken, so that all who come through it count as one. */
export function proxyNote({ address, trusted, variable, isContainer }: ProxyFacts): GatewayNote {
  const all = [...trusted, address];
  const message = `all that comes from ${address} names other visitors in X-Forwarded-For or Forwarded, and ${TRUSTED} has no ${address}: they all count as one visitor`;
  const set = variableSet(TRUSTED_VARIABLE, all.join(","), isContainer);
  const config = openclaw`config set ${TRUSTED} ${JSON.stringify(all)}`;
  const either = isContainer ? say`${config} (or ${set})` : config;
  // Where an engine rewrites sources, strangers come from the bridge's address as well.
  const published = isContainer ? ", and the port is published at 127.0.0.1 or not at all" : "";
  const next = say`if that is your proxy${published}: ${variable === undefined ? either : set}`;
  return { code: "PROXY_NOT_TRUSTED", message, next, text: say`${message}; ${next}` };
}

/** What of the settings that a gateway in a container started with can't work there. */
export function containerNotes({ gateway }: GatewayConfig): GatewayNote[] {
  const { bind } = gateway;
  if (bind !== "loopback" && !isLoopback(bind)) return [];
  const message = `gateway.bind is "${bind}": no port that this container publishes reaches it (with network_mode: host that is as it should be)`;
  const next = variableSet("OPENCLAW_GATEWAY_BIND", "lan", true);
  return [{ code: "CONTAINER_LOOPBACK", message, next, text: say`${message}; ${next}` }];
}
