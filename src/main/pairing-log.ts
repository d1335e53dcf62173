import type { Gateway, GatewayLog } from "../gateway/gateway.ts";
import type { PairingListener } from "../pairing/pairing.ts";

/** The log's lines about devices: what is decided about those that are paired. */
export function pairingLog({
  gateway,
  log,
}: {
  gateway: Gateway;
  log: GatewayLog;
}): PairingListener {
  return {
    refused: (metric) => gateway.count(metric),
    clockSet: (byMs) => log.warn({ byMs }, clockWords(byMs)),
    renamed: ({ deviceId, label }) => log.info({ deviceId, label }, "a device was renamed"),
    ended: ({ deviceId, role, why, many }) => {
      // Of many, the copy of the audit's line has the names.
      if (!many) log.info({ deviceId, role }, `a device was ${why}`);
    },
  };
}

/** What somebody who wonders about refused devices should know. */
function clockWords(byMs: number): string {
  const way = byMs > 0 ? "forward" : "back";
  const seconds = Math.round(Math.abs(byMs) / 1000);
  return (
    `the clock was set ${way} by ${seconds} s: requests and links keep the time that they had left; ` +
    "devices whose clock is more than 120 s off are refused (timedatectl shows this one)"
  );
}
