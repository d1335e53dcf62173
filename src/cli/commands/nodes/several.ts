import { say, type Text } from "../../../protocol/text.ts";
import type { DeviceWords } from "../../../words/device.ts";
import { type KeyUse, keyUseWords } from "../../../words/key-use.ts";
import { quotedName } from "../../kit/words.ts";

/** What a row of a node, or of its device, says where the node has more than one connection. */
export interface SeveralConnections {
  readonly connections?: number;
  readonly keyUsedBy?: KeyUse;
}

/** That a node has more than one connection, as lines of a cell. */
export function severalLines({ connections = 1, keyUsedBy }: SeveralConnections): string[] {
  if (connections < 2) return [];
  const standby = `(${connections - 1} on standby)`;
  return keyUsedBy === "machines" ? [standby, "(a copied key)"] : [standby];
}

/**
 * What is said below a list about keys that are used twice: of each kind which nodes, what it is, and what
 * to do.
 */
export function keyUseLines(rows: readonly (SeveralConnections & DeviceWords)[]): Text[] {
  return (["machines", "programs"] as const).flatMap((use): Text[] => {
    const those = rows.filter(({ keyUsedBy }) => keyUsedBy === use);
    if (those.length === 0) return [];
    const { message, next } = keyUseWords(use);
    const who = those.map((row) => quotedName(row)).join(", ");
    return ["", `${who}: ${message}.`, say`  next: ${next}`];
  });
}
