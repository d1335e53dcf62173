import type { BoundedLog, LineLog } from "../lib/bounded-log.ts";
import type { Limits } from "../limits/table.ts";
import type { Pairing, PairingListener } from "../pairing/pairing.ts";
import type { DeviceText } from "../pairing/records.ts";
import type { ApprovalKind } from "../protocol/approve-line.ts";
import { asTyped } from "../words/command.ts";
import { quoted } from "../words/device.ts";
import { askWords, cutAsk, type RequestRow } from "../words/request-card.ts";
import { pendingRow } from "./device-rows.ts";

/** Where the lines about requests go, and what about them is only counted. */
export interface RequestLog {
  readonly log: Pick<LineLog, "info" | "warn">;
  readonly telemetry: {
    /** For lines that strangers can cause any number of. */
    readonly refusalLog: Pick<BoundedLog, "write">;
    count(metric: string): void;
    failed(message: string, facts: object): void;
  };
  /** How the command line is called here. */
  readonly command: string;
  readonly limits: Pick<Limits, "askChars">;
}

/**
 * The log's lines about pairing: who asks, with the command that lets it in, and every decision.
 * Strangers can cause the first, so those lines are bounded.
 */
export function pairingLog({ pairing, ...to }: RequestLog & { pairing: Pairing }): PairingListener {
  const { log, telemetry } = to;
  return {
    requested: (pending) => {
      const { requestId, deviceId, remoteIp } = pending;
      const row = pendingRow(pending, pairing.device(deviceId));
      const asks = askLine(row, {
        kind: "device",
        does: "let it in",
        command: to.command,
        askChars: to.limits.askChars,
      });
      telemetry.refusalLog.write({
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
      telemetry.refusalLog.write({ level: "info", kind: `pairing-${why}`, facts: line, message });
    },
    refused: (metric) => telemetry.count(metric),
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

/** The line about a clock that was set by `byMs` milliseconds: it explains refused devices. */
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
 * The words of the log about a request: what it asks for, what of that is new, and what to type. Where
 * not all of it fits, the line names the command that shows the rest instead of the one that approves.
 */
export function askLine(row: RequestRow, { kind, does, command, askChars }: Typed): string {
  const { asks, new: fresh } = askWords(row);
  const { words, whole } = cutAsk(fresh === undefined ? asks : `${asks} (new: ${fresh})`, askChars);
  const typed = (line: string) => asTyped(`openclaw ${line} ${row.requestId}`, command);
  return whole
    ? `${words}; to ${does}: ${typed(`${kind}s approve`)}`
    : `${words}; all of it: ${typed("devices show")}`;
}
