import { agentMethods } from "./agent.ts";
import { auditMethods } from "./audit.ts";
import { configMethods } from "./config.ts";
import { deviceMethods } from "./devices.ts";
import { hostMethods } from "./host.ts";
import { hostEvents } from "./host-events.ts";
import { inviteMethods } from "./invites.ts";
import { logMethods } from "./logs.ts";
import type { ParamsOf, ResultOf } from "./method.ts";
import { nodeEventMethods } from "./nodes-events.ts";
import { nodeInvokeMethods } from "./nodes-invoke.ts";
import { nodeListMethods } from "./nodes-list.ts";
import { nodeOwnMethods } from "./nodes-own.ts";
import { nodePairingMethods } from "./nodes-pairing.ts";
import { nodeWorkMethods } from "./nodes-work.ts";
import { notifyMethods } from "./notify.ts";
import { revokeAllMethods } from "./revoke-all.ts";
import { scopeMethods } from "./scopes.ts";
import { setupMethods } from "./setup.ts";
import { sshMethods } from "./ssh.ts";
import { statusMethods } from "./status.ts";
import { systemMethods } from "./system.ts";

const nodeMethods = [
  ...nodeListMethods,
  ...nodePairingMethods,
  ...nodeInvokeMethods,
  ...nodeOwnMethods,
  ...nodeEventMethods,
  ...nodeWorkMethods,
];

/** Every method of the gateway. Routing, `hello-ok`, the reference and tests derive from this. */
export const allMethods = [
  ...statusMethods,
  ...deviceMethods,
  ...inviteMethods,
  ...setupMethods,
  ...revokeAllMethods,
  ...nodeMethods,
  ...scopeMethods,
  ...configMethods,
  ...agentMethods,
  ...logMethods,
  ...systemMethods,
  ...hostMethods,
  hostEvents,
  ...auditMethods,
  ...sshMethods,
  ...notifyMethods,
];

type AnyMethod = (typeof allMethods)[number];

/**
 * What each method takes and answers, by its name: types alone, which the command line imports without
 * loading a method.
 */
export type Methods = {
  readonly [One in AnyMethod as One["name"]]: {
    readonly params: ParamsOf<One>;
    readonly result: ResultOf<One>;
  };
};
