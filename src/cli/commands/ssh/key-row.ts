/** A key as `host.ssh.list` shows it. */
export interface KeyRow {
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly name: string;
  readonly may: readonly string[];
  readonly from?: readonly string[];
  readonly addedAtMs: number;
  readonly expiresAtMs?: number;
  readonly lastUsedAtMs?: number;
  readonly lastUsedFrom?: string;
}
