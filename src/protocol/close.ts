import { DEVICE_REMOVED, WAITING_REPLACED } from "./close-reasons.ts";

/** A WebSocket close: code and a reason of at most 120 UTF-8 bytes, so that it fits every client. */
export interface Close {
  readonly code: number;
  readonly reason: string;
  /** Name under which `status` counts it. */
  readonly metric: string;
}

const MAX_REASON_BYTES = 120;

/** `text` cut to 120 UTF-8 bytes without splitting a character (RFC 6455, 5.5.1 allows 123). */
export function cutReason(text: string): string {
  if (Buffer.byteLength(text) <= MAX_REASON_BYTES) return text;
  let cut = "";
  let bytes = 0;
  for (const char of text) {
    bytes += Buffer.byteLength(char);
    if (bytes > MAX_REASON_BYTES) break;
    cut += char;
  }
  return cut;
}

function close(code: number, reason: string, metric: string): Close {
  return { code, reason, metric };
}

/** Every close this gateway makes that no connect refusal makes (those are in refusals.ts). */
export const closes = {
  handshakeTimeout: close(1000, "handshake timeout", "handshake-timeout"),
  notJson: close(1000, "invalid request frame: not JSON", "invalid-frame"),
  invalidFrame: close(1008, "invalid request frame", "invalid-frame"),
  notConnect: close(1008, "invalid handshake: first request must be connect", "invalid-handshake"),
  workerRefused: close(1008, "invalid-handshake", "invalid-handshake"),
  handshakeFlood: close(1008, "too many pending handshake frames", "handshake-flood"),
  preAuthFrameTooLarge: close(1009, "frame too large before authentication", "frame-too-large"),
  frameTooLarge: close(1009, "frame too large", "frame-too-large"),
  slowConsumer: close(1008, "slow consumer", "slow-consumer"),
  // Dropped without a frame: no client reads these two, but the log and the counters have them.
  unreadDropped: close(1006, "left too much unread", "unread-dropped"),
  memoryEvicted: close(1006, "held most of the memory for clients", "memory-evicted"),
  unauthorizedFlood: close(1008, "repeated unauthorized calls", "unauthorized-flood"),
  unauthenticatedEvicted: close(1013, "too many connections", "unauthenticated-evicted"),
  waitingEvicted: close(1013, "too many waiting", "waiting-evicted"),
  waitingReplaced: close(1008, WAITING_REPLACED, "waiting-replaced"),
  pairingRejected: close(1008, "pairing required: the request was rejected", "pairing-rejected"),
  pairingExpired: close(1008, "pairing required: the request expired", "pairing-expired"),
  pairingSuperseded: close(
    1008,
    "pairing required: replaced by a newer request or by a link",
    "pairing-superseded",
  ),
  deviceRemoved: close(4001, DEVICE_REMOVED, "device-removed"),
  authChanged: close(4001, "gateway auth changed", "auth-changed"),
  serviceRestart: close(1012, "service restart", "restart"),
  serviceStop: close(1012, "service stopped", "stop"),
} as const satisfies Record<string, Close>;
