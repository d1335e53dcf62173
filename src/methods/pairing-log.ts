import type { PairingListener } from "../pairing/pairing.ts";
import { shell } from "../protocol/command.ts";
import { plainText, say, type Text, typedFact } from "../protocol/text.ts";
import type { RequestLog } from "./request-news.ts";

/** The log's lines about paired devices: each decision, and a clock that was set. */
export function pairingLog({
  log,
  telemetry,
}: Pick<RequestLog, "log" | "telemetry">): PairingListener {
  return {
    refused: (metric) => telemetry.count(metric),
    clockSet: (byMs) => {
      const text = clockWords(byMs);
      log.warn({ byMs, ...typedFact(text) }, plainText(text));
    },
    renamed: ({ deviceId, label }) => log.info({ deviceId, label }, "a device was renamed"),
    ended: ({ deviceId, role, why, many }) => {
      // Of many, the copy of the audit's line has the names.
      if (!many) log.info({ deviceId, role }, `a device was ${why}`);
    },
  };
}

/** The line about a clock that was set by `byMs` milliseconds: it explains refused devices. */
function clockWords(byMs: number): Text {
  const way = byMs > 0 ? "forward" : "back";
  const seconds = Math.round(Math.abs(byMs) / 1000);
  return say`the clock was set ${way} by ${seconds} s: requests and links keep the time that they had left; devices whose clock is more than 120 s off are refused (${shell`date -u`} shows this one)`;
}
