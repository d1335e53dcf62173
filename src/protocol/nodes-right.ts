import { ADMIN, covers, NODES, WRITE } from "./scopes.ts";

/**
 * The right to run commands on nodes, `operator.nodes`. OpenClaw has it in `operator.write`, and its
 * clients ask for that alone: so who asks for write is offered this right too, and the owner may leave it
 * out (docs/differences.md).
 */

/** What a request for `asked` offers besides, of a device that holds `held`. */
export function offeredScopes(asked: readonly string[], held: readonly string[]): string[] {
  if (!asked.includes(WRITE) || covers(held, WRITE)) return [];
  return covers([...asked, ...held], NODES) ? [] : [NODES];
}

/** What a connection holds that asks for `asked`, all of which `held` covers. */
export function effectiveScopes(asked: readonly string[], held: readonly string[]): string[] {
  const more = asked.includes(WRITE) && !covers(asked, NODES) && covers(held, NODES);
  return more ? [...asked, NODES] : [...asked];
}

/** What `scopes` meant while write held the right. */
export function scopesFromBefore(scopes: readonly string[]): readonly string[] {
  return scopes.includes(WRITE) && !covers(scopes, NODES) ? [...scopes, NODES].sort() : scopes;
}

/** Whether an approval of `scopes` can leave the right out, of a device that holds `held`. */
export function canLeaveNodesOut(scopes: readonly string[], held: readonly string[]): boolean {
  return scopes.includes(NODES) && !scopes.includes(ADMIN) && !covers(held, NODES);
}
