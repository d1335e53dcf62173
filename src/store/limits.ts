import { stateLimitTable } from "../limits/state.ts";

/** The store's bounds, per document. Bytes, milliseconds and counts as the names say. */
export interface StoreLimits {
  /** The journal may grow to this, or to the snapshot's size if that is more, before a rewrite. */
  journalBytes: number;
  /** Bytes written and fsynced together; the commits behind them form the next group. */
  groupBytes: number;
  /** One commit's JSON text; more is refused with STORE_TOO_LARGE. */
  commitBytes: number;
  /** Commits waiting for the disk; more are refused with STORE_BUSY. */
  waitingCommits: number;
  /** JSON text of all commits that wait, in UTF-16 units. */
  waitingBytes: number;
  /** Unacknowledged changes kept for the next group; more live in memory until the next snapshot. */
  laterEntries: number;
  /** How long unacknowledged changes wait for company before they are written alone. */
  laterMs: number;
  /** First pause before what could not be written is tried again; doubles up to `retryMaxMs`. */
  retryMs: number;
  retryMaxMs: number;
  /** The file that is given up when the disk is full, so that a revocation still fits. */
  reserveBytes: number;
}

/** The numbers of the limits table. */
export const storeLimits: StoreLimits = {
  journalBytes: stateLimitTable.journalBytes.value,
  groupBytes: stateLimitTable.groupBytes.value,
  commitBytes: stateLimitTable.commitBytes.value,
  waitingCommits: stateLimitTable.waitingCommits.value,
  waitingBytes: stateLimitTable.waitingBytes.value,
  laterEntries: stateLimitTable.laterEntries.value,
  laterMs: stateLimitTable.laterMs.value,
  retryMs: stateLimitTable.retryMs.value,
  retryMaxMs: stateLimitTable.retryMaxMs.value,
  reserveBytes: stateLimitTable.reserveBytes.value,
};
