import type { State, View } from "../../src/dashboard/model.ts";

export const NOW = 1_795_000_000_000;

/** A page that has dialled once and answered one challenge. */
export const fresh: State = {
  view: { at: "connecting" },
  notice: "",
  host: "gw.example",
  thisDevice: { id: "ab".repeat(32), name: "Chrome on Linux", kept: true },
  gateway: { name: "", release: "", fingerprint: "" },
  spend: false,
  attempt: 0,
  skew: 0,
  restartMs: 0,
  grant: undefined,
  invite: undefined,
  dials: 1,
  calls: 1,
  challenge: { nonce: "n", ts: NOW },
  retryAt: 0,
  patience: 15_000,
};

/** A tab that stepped back for another one, which waits for approval. */
export const elsewhere: View = {
  at: "stopped",
  cause: { code: "elsewhere", message: "" },
};
