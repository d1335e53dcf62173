/**
 * The scopes: how each is called, what it lets a person do, and which one implies which. Imports
 * nothing, because the page reads it too.
 */
export const ADMIN = "operator.admin";
export const READ = "operator.read";
export const WRITE = "operator.write";
/**
 * To have nodes run commands. OpenClaw's clients don't know it: they ask for write alone, which offers it
 * (nodes-right.ts).
 */
export const NODES = "operator.nodes";
export const PAIRING = "operator.pairing";
export const APPROVALS = "operator.approvals";
export const QUESTIONS = "operator.questions";
export const TALK = "operator.talk";
export const TALK_SECRETS = "operator.talk.secrets";

/** The scopes that an approval can leave out. */
export const leftOutScopes = [NODES] as const;
export type LeftOut = (typeof leftOutScopes)[number];

/**
 * Whether `held` implies `wanted`: admin covers every operator scope, write covers read and talk,
 * all others stand alone (docs/protocol.md#roles-and-scopes).
 */
export function covers(held: readonly string[], wanted: string): boolean {
  if (held.includes(wanted)) return true;
  if (held.includes(ADMIN) && wanted.startsWith("operator.")) return true;
  return (wanted === READ || wanted === TALK) && held.includes(WRITE);
}
