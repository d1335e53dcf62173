/**
 * The scopes: how each is called, what it lets a person do, and which one implies which. Imports
 * nothing, because the page reads it too.
 */
export const ADMIN = "operator.admin";
export const READ = "operator.read";
export const WRITE = "operator.write";
export const PAIRING = "operator.pairing";
export const APPROVALS = "operator.approvals";
export const QUESTIONS = "operator.questions";
export const TALK = "operator.talk";
export const TALK_SECRETS = "operator.talk.secrets";

/**
 * Whether `held` implies `wanted`: admin covers every operator scope, write covers read and talk,
 * all others stand alone (docs/protocol.md#roles-and-scopes).
 */
export function covers(held: readonly string[], wanted: string): boolean {
  if (held.includes(wanted)) return true;
  if (held.includes(ADMIN) && wanted.startsWith("operator.")) return true;
  return (wanted === READ || wanted === TALK) && held.includes(WRITE);
}
