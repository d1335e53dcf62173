/** What a crowd of well-behaved clients saw in one stretch of time. Times in milliseconds. */
export interface CrowdReport {
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  /** Approvals: asked for, approved over the admin socket, answered once durable. */
  readonly approvals: number;
  readonly approvalP50: number;
  readonly approvalMax: number;
  /** Paired devices that came back and were let in. */
  readonly returns: number;
  /** Everything that must not happen: closes, refusals, gaps, answers and events that never came. */
  readonly problems: readonly string[];
}

/** What the crowd's thread is started with. */
export interface CrowdOptions {
  readonly url: string;
  readonly adminSocket: string;
  readonly token: string;
  readonly clients: number;
}

/** The value below which `share` of the sorted values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
