import type { KeyUse } from "../words/key-use.ts";

/** Where a connection of a node comes from, as far as the gateway is told. */
export interface NodePlace {
  /** The address as limits count it (IPv6: its /64). */
  readonly source: string;
  /** What the machine calls itself; of most programs its host name. */
  readonly name: string | undefined;
  /** What a program calls one run, or one installation, of its own. */
  readonly instanceId: string | undefined;
}

/** Whether `newer` looks like the program of `older`, which lost its connection and came again. */
export function cameAgain(older: NodePlace, newer: NodePlace): boolean {
  if (older.name !== newer.name) return false;
  if (older.instanceId !== undefined && newer.instanceId !== undefined) {
    return older.instanceId === newer.instanceId;
  }
  return older.source === newer.source;
}

/**
 * Who uses one key by two connections that are open. `isSettled`: both have been for so long that neither
 * is a leftover. `undefined`: it looks like one program that came again.
 */
export function keyUse(older: NodePlace, newer: NodePlace, isSettled: boolean): KeyUse | undefined {
  if (!isSettled && cameAgain(older, newer)) return undefined;
  return older.name !== newer.name || older.source !== newer.source ? "machines" : "programs";
}
