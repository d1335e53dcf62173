import { KiB, MiB } from "./limit.ts";
import type { Limits } from "./table.ts";

/** Rest of a turn that uWebSockets.js may keep for a socket without its being seen (uws-socket.ts). */
const CORK = 16 * KiB;
/**
 * Its buffers double as they grow, and so does text that is not Latin: so many bytes may be taken for
 * each that is held.
 */
const GROWTH = 2;
/** A connection itself, with what every part of the gateway knows of it. */
const CONNECTION = 3 * KiB;
/** Argon2id's own (auth/hasher.ts). */
const HASH = 38 * MiB;
/** A character of a text, where it is not Latin. */
const CHARACTER = 2;

/** A part of the memory that others can make the gateway take. */
export interface MemoryPart {
  readonly what: string;
  readonly how: string;
  readonly bytes: number;
}

/**
 * The most memory that any number of strangers and one paired device can make the gateway take together,
 * beside what it takes by itself and for its state; from the limits alone. Frames that are not whole yet
 * are most of it: uWebSockets.js collects each, and does not say how much of it there is.
 */
export function worstCase(limits: Limits): MemoryPart[] {
  const strangers = limits.unauthenticatedSockets + limits.waitingSockets;
  return [
    {
      what: "frames that are not whole yet, of strangers",
      how: "(`unauthenticatedSockets` + `waitingSockets`) × `transportPayloadBytes`",
      bytes: strangers * limits.transportPayloadBytes,
    },
    {
      what: "frames that are not whole yet, of one paired device; of each further one as much again",
      how: "`deviceSockets` × `transportPayloadBytes`",
      bytes: limits.deviceSockets * limits.transportPayloadBytes,
    },
    {
      what: "what is held for all clients, in buffers that may be twice as large",
      how: "2 × `heldBytes`",
      bytes: GROWTH * limits.heldBytes,
    },
    {
      what: "the rest of a turn, for sockets of strangers",
      how: "(`unauthenticatedSockets` + `waitingSockets`) × 16 KiB",
      bytes: strangers * CORK,
    },
    {
      what: "sockets themselves",
      how: "`connections` × 3 KiB",
      bytes: limits.connections * CONNECTION,
    },
    {
      what: "what nodes publish",
      how: "2 × `nodePublishedTotalBytes`",
      bytes: CHARACTER * limits.nodePublishedTotalBytes,
    },
    {
      what: "secrets that are hashed",
      how: "`argon2AtOnce` × 38 MiB",
      bytes: limits.argon2AtOnce * HASH,
    },
  ];
}

export function worstCaseBytes(limits: Limits): number {
  return worstCase(limits).reduce((sum, { bytes }) => sum + bytes, 0);
}
