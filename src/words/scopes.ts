import {
  ADMIN,
  APPROVALS,
  covers,
  type LeftOut,
  NODES,
  PAIRING,
  QUESTIONS,
  READ,
  TALK,
  TALK_SECRETS,
  WRITE,
} from "../protocol/scopes.ts";

/** The scopes this gateway knows, in the order they are shown. Written for people who run no servers. */
export const scopeWords: Readonly<Record<string, string>> = {
  [ADMIN]: "full control",
  [READ]: "see chats and devices",
  [WRITE]: "send messages and run the agent",
  [NODES]: "run commands on nodes",
  [APPROVALS]: "decide what the agent may run",
  [QUESTIONS]: "answer what the agent asks",
  [PAIRING]: "let other devices in",
  [TALK]: "talk by voice",
  [TALK_SECRETS]: "use the keys for voice",
};

/** Stands beside a right that a device did not ask for by name. */
export const OFFERED = "may be left out";

/** What an approval can leave out, by the word that people type for it. */
export const leftOutWords: Readonly<Record<string, LeftOut>> = { nodes: NODES };

/** What a role is, beside its name; an operator is what its scopes say. */
export const roleWords: Readonly<Record<string, string>> = {
  node: "a machine that answers commands",
};

export const known = Object.keys(scopeWords);

/** One scope in words; one that this gateway does not know is named as it is. */
export function scopeInWords(scope: string): string {
  return Object.hasOwn(scopeWords, scope) ? (scopeWords[scope] ?? scope) : scope;
}

/**
 * The scopes that people are shown, in order, unknown ones last. Full control stands for all that
 * it covers: listing that would only hide it.
 */
export function shownScopes(scopes: readonly string[]): string[] {
  const full = scopes.includes(ADMIN);
  const rank = (scope: string) => (known.indexOf(scope) + known.length + 1) % (known.length + 1);
  return [...new Set(scopes)]
    .filter((scope) => scope === ADMIN || !full || !covers([ADMIN], scope))
    .sort((a, b) => rank(a) - rank(b));
}
