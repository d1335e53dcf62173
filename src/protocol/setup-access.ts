import { ADMIN, APPROVALS, QUESTIONS, READ, type Role, TALK_SECRETS, WRITE } from "./access.ts";

/** How much a setup code of OpenClaw's own apps grants, as the protocol names it. */
export type SetupAccess = "full" | "limited" | "node";

interface SetupGrant {
  /** The first is the role that the app connects with; the others come along in its `hello-ok`. */
  readonly roles: readonly [Role, ...Role[]];
  readonly scopes: readonly string[];
}

/** Neither commands on nodes, nor the say over what the agent runs. */
const limited = [QUESTIONS, READ, TALK_SECRETS, WRITE];

/** What each kind of code grants. Only `full` lets other devices in: full control holds that too. */
export const setupGrants: Readonly<Record<SetupAccess, SetupGrant>> = {
  full: { roles: ["node", "operator"], scopes: [ADMIN, APPROVALS, ...limited] },
  limited: { roles: ["node", "operator"], scopes: limited },
  node: { roles: ["node"], scopes: [] },
};

export function isSetupAccess(word: string): word is SetupAccess {
  return Object.hasOwn(setupGrants, word);
}
