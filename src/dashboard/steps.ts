/** Moves that several parts of the reducer make. */
import type { State, View } from "./model.ts";
import { clean } from "./text.ts";
import { type Auth, operator } from "./wire.ts";

/** No challenge or no answer for this long: the socket is dead. */
export const SETUP_MS = 15_000;
/** No key for this long: the browser's store hangs. */
const KEY_MS = 5_000;
/** A key that could not be read this often may stay so. */
export const KEY_TRIES = 3;
/** The longest pause between two attempts, and the longest announced restart we believe. */
export const LAST_RETRY_MS = 15_000;
const FIRST_RETRY_MS = 500;

/** Dials anew, or reads the key first; with `view` on the screen until something answers. */
export function dial(state: State, view: View = { at: "connecting" }): State {
  const patience = state.thisDevice.id ? SETUP_MS : KEY_MS;
  return { ...state, view, dials: state.dials + 1, retryAt: 0, patience };
}

/** From the top: a paired browser connects, an invited one is asked first, others ask the owner. */
export function begin(state: State): State {
  const fresh = { ...state, attempt: 0, spend: false };
  if (!state.invite || state.grant) return dial(fresh);
  return { ...fresh, view: { at: "invited" }, patience: 0 };
}

/** What the gateway says of a cause: its message, and what to do about it, as it came; see {@link Cause}. */
type Said = readonly [message?: string, next?: unknown, hasAccess?: boolean];

/** Nothing more happens without a person. */
export function stop(
  state: State,
  code: string,
  [message = "", next, hasAccess = false]: Said = [],
): State {
  const cause = { code, message: clean(message, 240), next, hasAccess };
  return { ...state, view: { at: "stopped", cause }, notice: "", patience: 0, retryAt: 0 };
}

/** Comes back by itself, after a doubling time that undercuts nothing the gateway announced. */
export function later(state: State, view: View, now: number): State {
  const doubled = Math.min(FIRST_RETRY_MS * 2 ** state.attempt, LAST_RETRY_MS);
  const retryAt = now + Math.max(doubled, state.restartMs);
  return { ...state, view, retryAt, attempt: state.attempt + 1, restartMs: 0, patience: 0 };
}

/**
 * An invite asks for everything and is granted the part that it holds. Beside it goes what was granted before:
 * the gateway uses the invite up only if that is less.
 */
export function credentials({ grant, invite, spend }: State): { auth: Auth; scopes: string[] } {
  const token = grant && { deviceToken: grant.token };
  if (spend && invite) {
    const all = operator("admin", "read", "write", "approvals", "questions", "pairing");
    const scopes = [...new Set([...all, ...(grant?.scopes ?? [])])];
    return { auth: { ...token, bootstrapToken: invite }, scopes };
  }
  return { auth: { ...token }, scopes: grant?.scopes ?? operator("read", "write") };
}

/** The key can't be read: asks for it again. A browser that is paired never gets another by itself. */
export function unreadable(state: State, message: string, now: number): State {
  const said = message && ` (${clean(message, 160)})`;
  const text = `Its storage does not give it${said}. Nothing is thrown away, and this page tries again by itself.`;
  const trouble = { title: "This browser’s key can’t be read", text };
  return later({ ...state, notice: "" }, { at: "lost", trouble, held: false }, now);
}

/** This tab stepped back for another one, which waits for approval. */
export function isElsewhere({ view }: State): boolean {
  return view.at === "stopped" && view.cause.code === "elsewhere";
}
