import { auditPart, copyToHost, hostPart } from "../audit/parts.ts";
import { secretsPart } from "../auth/secret-store.ts";
import { endedWithPairing } from "../nodes/changes.ts";
import { nodesPart } from "../nodes/document.ts";
import { pairingPart } from "../pairing/document.ts";
import { changeFromBefore, recordFromBefore } from "../pairing/nodes-right.ts";
import { pairingAfter } from "../pairing/records.ts";
import { endedWithPairing as requestsEndedWithPairing } from "../requests/book.ts";
import { requestsPart } from "../requests/part.ts";
import { type OpenOptions, openDocument } from "../store/document.ts";
import { type NamedChange, partOf, type SharedDocument, sharedShape } from "../store/parts.ts";
import { takeOver } from "./take-over.ts";

/** Everything that the gateway keeps, by the names that stand in its files. */
const parts = {
  secrets: secretsPart,
  devices: pairingPart,
  nodes: nodesPart,
  requests: requestsPart,
  audit: auditPart,
  host: hostPart,
};

type Parts = typeof parts;
export type StateDocument = SharedDocument<Parts>;

/**
 * The state: `gateway.json` and its journal. Version 1 were three documents (take-over.ts); in version 2
 * `operator.write` held the right to run commands on nodes (pairing/nodes-right.ts).
 */
export const stateShape = sharedShape({ name: "gateway", version: 3 }, parts, {
  consequences: (state, change): readonly NamedChange<Parts>[] => {
    if (change[0] !== "devices") return [];
    const node = pairingAfter(change[1]);
    if (!node) return [];
    return [
      ...endedWithPairing(state.nodes, node).map((ended) => ["nodes", ended] as const),
      ...requestsEndedWithPairing(state.requests, node).map(
        (ended) => ["requests", ended] as const,
      ),
    ];
  },
  applied: (state, change) => {
    if (change[0] === "audit") copyToHost(state.host, change[1]);
  },
  migrate: {
    records: (_from, records) => {
      const all = records as readonly (readonly [part: string, record: object])[];
      return all.map(([part, record]) => [
        part,
        part === "devices" ? recordFromBefore(record) : record,
      ]);
    },
    change: (from, change) => {
      // The snapshot of a take-over stands for all of them.
      if (from < 2) {
        throw new Error("a change of version 1 goes on behind the snapshot that took its place");
      }
      const named = change as NamedChange<Parts>;
      return [named[0] === "devices" ? [named[0], changeFromBefore(named[1])] : named];
    },
  },
});

/** The state's parts, each as its service sees it. */
export type StateParts = ReturnType<typeof statePartsOf>;

export function statePartsOf(document: StateDocument) {
  return {
    secrets: partOf(document, "secrets"),
    pairing: partOf(document, "devices"),
    nodes: partOf(document, "nodes"),
    requests: partOf(document, "requests"),
    audit: partOf(document, "audit"),
    host: partOf(document, "host"),
  };
}

/** Opens the state; one of version 1 is taken over first. @throws StoreError */
export async function openState(options: OpenOptions): Promise<StateDocument> {
  await takeOver(stateShape, options);
  return openDocument(stateShape, options);
}
