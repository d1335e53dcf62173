/** Moves that several parts of the reducer make. */
import type { State, View } from "./model.ts";
import { clean } from "./text.ts";
import { type Auth, operator } from "./wire.ts";

/** No challenge or no answer for this long: the socket is dead. */
export const SETUP_MS = 15_000;
/** The longest pause between two attempts, and the longest announced restart we believe. */
export const LAST_RETRY_MS = 15_000;
const FIRST_RETRY_MS = 500;

/** Dials anew, with `view` on the screen until something answers. */
export function dial(state: State, view: View = { at: "connecting" }): State {
  return { ...state, view, dials: state.dials + 1, retryAt: 0, patience: SETUP_MS };
}

/** From the top: a paired browser connects, an invited one is asked first, others ask the owner. */
export function begin(state: State): State {
  const fresh = { ...state, attempt: 0, spend: false };
  return state.invite && !state.grant ? { ...fresh, view: { at: "invited" } } : dial(fresh);
}

/** What the gateway says of a cause: its message, and what to do about it, as it came. */
type Said = readonly [message?: string, next?: unknown];

/** Nothing more happens without a person. */
export function stop(state: State, code: string, [message = "", next]: Said = []): State {
  const cause = { code, message: clean(message, 240), next };
  return { ...state, view: { at: "stopped", cause }, notice: "", patience: 0, retryAt: 0 };
}

/** Comes back by itself, after a doubling time that undercuts nothing the gateway announced. */
export function later(state: State, view: View, now: number): State {
  const doubled = Math.min(FIRST_RETRY_MS * 2 ** state.attempt, LAST_RETRY_MS);
  const retryAt = now + Math.max(doubled, state.restartMs);
  return { ...state, view, retryAt, attempt: state.attempt + 1, restartMs: 0, patience: 0 };
}

/** An invite asks for everything and is granted the part that it holds. */
export function credentials({ grant, invite, spend }: State): { auth: Auth; scopes: string[] } {
  if (spend && invite) {
    const scopes = operator("admin", "read", "write", "approvals", "questions", "pairing");
    return { auth: { bootstrapToken: invite }, scopes };
  }
  if (grant) return { auth: { deviceToken: grant.token }, scopes: grant.scopes };
  return { auth: {}, scopes: operator("read", "write") };
}
