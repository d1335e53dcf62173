import { joined, say, type Text } from "../../protocol/text.ts";
import type { Declaration, Example } from "./declare.ts";

/** What stands below the options in the help of a command, in parts with a line between. */
export function helpBelow({ about, examples }: Declaration): Text[] {
  return [
    ...(about === undefined ? [] : [about]),
    ...(examples === undefined ? [] : [exampleLines(examples)]),
  ];
}

const GAP = 3;

function exampleLines(examples: readonly Example[]): Text {
  const width = Math.max(...examples.map(({ what }) => what.length)) + GAP;
  const lines = examples.map(({ what, type }) => say`  ${what.padEnd(width)}${type}`);
  return joined(["Examples:", ...lines], "\n");
}
