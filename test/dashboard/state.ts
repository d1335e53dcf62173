import { expect, it } from "vitest";
import type { Event, State, View } from "../../src/dashboard/model.ts";
import { reduce } from "../../src/dashboard/reducer.ts";

export const NOW = 1_795_000_000_000;

/** A page that has dialled once and answered one challenge. */
export const fresh: State = {
  view: { at: "connecting" },
  notice: "",
  host: "gw.example",
  thisDevice: { id: "ab".repeat(32), name: "Chrome on Linux", kept: true },
  gateway: { name: "", release: "", fingerprint: "", command: "" },
  spend: false,
  attempt: 0,
  skew: 0,
  restartMs: 0,
  grant: undefined,
  aside: [],
  invite: undefined,
  dials: 1,
  calls: 1,
  challenge: { nonce: "n", ts: NOW },
  retryAt: 0,
  patience: 15_000,
};

export const grant = { token: "token", scopes: ["operator.read"] };

/** What a page shows while it waits for approval. */
export const request = {
  id: "7F3K-Q2MN",
  command: "",
  ssh: "",
  expiresAt: 0,
  scopes: [],
  approved: [],
  offered: [],
  asker: "",
};
export const waiting: View = { at: "waiting", request, live: true };
export const ready: View = { at: "ready", session: { role: "operator", scopes: [], peers: [] } };

export const trouble = { title: "", text: "" };
export const held: View = { at: "lost", trouble, held: true };
export const lost: View = { at: "lost", trouble, held: false };
export const stopped: View = { at: "stopped", cause: { code: "rejected", message: "" } };

/** A tab that stepped back for another one, which waits for approval. */
export const elsewhere: View = {
  at: "stopped",
  cause: { code: "elsewhere", message: "" },
};

type Row = [title: string, from: Partial<State>, event: Event, expected: object];

/** A test for each row: what a page becomes by an event that differs from the fresh one by `from`. */
export function table(rows: Row[]): void {
  it.each(rows)("%s", (_title, from, event, expected) => {
    expect(reduce({ ...fresh, ...from }, event, NOW)).toMatchObject(expected);
  });
}
