import type { Method } from "./method.ts";
import { nodeEventMethods } from "./nodes-events.ts";
import { nodeInvokeMethods } from "./nodes-invoke.ts";
import { nodeListMethods } from "./nodes-list.ts";
import { nodeOwnMethods } from "./nodes-own.ts";
import { nodePairingMethods } from "./nodes-pairing.ts";
import { nodeWorkMethods } from "./nodes-work.ts";

export const nodeMethods: readonly Method[] = [
  ...nodeListMethods,
  ...nodePairingMethods,
  ...nodeInvokeMethods,
  ...nodeOwnMethods,
  ...nodeEventMethods,
  ...nodeWorkMethods,
];
