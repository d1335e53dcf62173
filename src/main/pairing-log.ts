import type { Gateway, GatewayLog } from "../gateway/gateway.ts";
import { pendingRow } from "../methods/device-rows.ts";
import type { PairingListener } from "../pairing/pairing.ts";
import type { DeviceText } from "../pairing/records.ts";
import type { ApprovalKind } from "../protocol/approve-line.ts";
import { asTyped } from "../words/command.ts";
import { quoted } from "../words/device.ts";
import { askWords, cutAsk, type RequestRow } from "../words/request-kinds.ts";
import type { Core } from "./core.ts";

/**
 * What whoever watches the log reads of pairing: who asks, with the command that lets it in, and
 * every decision. Strangers can cause the first, so those lines are bounded.
 */
export function pairingLog(
  core: Core,
  parts: { gateway: Gateway; log: GatewayLog },
): PairingListener {
  const { gateway, log } = parts;
  return {
    requested: (pending) => {
      const { requestId, deviceId, remoteIp } = pending;
      const row = pendingRow(pending, core.pairing.device(deviceId));
      const asks = askLine(row, {
        kind: "device",
        does: "let it in",
        command: core.command,
        askChars: core.limits.askChars,
      });
      gateway.refusalLog.write({
        level: "info",
        kind: "pairing-requested",
        facts: { requestId, deviceId, address: remoteIp },
        message: `${nameOf(pending)} asks to be ${asks}`,
      });
    },
    resolved: (pending, why) => {
      const { requestId, deviceId } = pending;
      const line = { requestId, deviceId };
      const message = `the request of ${nameOf(pending)} was ${why}`;
      if (why === "approved" || why === "rejected") return log.info(line, message);
      gateway.refusalLog.write({ level: "info", kind: `pairing-${why}`, facts: line, message });
    },
    refused: (metric) => gateway.count(metric),
    clockSet: (byMs) => log.warn({ byMs }, clockWords(byMs)),
    renamed: ({ deviceId, label }) => log.info({ deviceId, label }, "a device was renamed"),
    ended: ({ deviceId, role, why, many }) => {
      // Of many, the copy of the audit's line has the names.
      if (!many) log.info({ deviceId, role }, `a device was ${why}`);
    },
  };
}

function nameOf(text: DeviceText): string {
  return quoted(text.displayName ?? text.clientId);
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

interface Typed {
  readonly kind: ApprovalKind;
  /** What the approving command does, after `to`. */
  readonly does: string;
  /** How the command line is called here. */
  readonly command: string;
  /** Characters of what is asked for. */
  readonly askChars: number;
}

/**
 * What the log says of a request: what it asks for, what of that is new, and what to type. Where not
 * all of it fits nobody is told how to approve what they have not read.
 */
export function askLine(row: RequestRow, { kind, does, command, askChars }: Typed): string {
  const { asks, new: fresh } = askWords(row);
  const { words, whole } = cutAsk(fresh === undefined ? asks : `${asks} (new: ${fresh})`, askChars);
  const typed = (line: string) => asTyped(`openclaw ${line} ${row.requestId}`, command);
  return whole
    ? `${words}; to ${does}: ${typed(`${kind}s approve`)}`
    : `${words}; all of it: ${typed("devices show")}`;
}
