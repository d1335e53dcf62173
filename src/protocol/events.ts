import { type Access, PAIRING, READ, type Role } from "./access.ts";

/** Who receives an event, and whether a newer one of its name replaces it. */
export interface EventRule extends Access {
  /**
   * A newer event of the same name makes an unsent one worthless, so a slow connection may miss it
   * without a gap in `seq`.
   */
  readonly latestState?: true;
  readonly what: string;
}

const everyone: readonly Role[] = ["operator", "node"];
const operators: readonly Role[] = ["operator"];

/** Every event that is broadcast, and who receives it; docs/events.md is made of it. */
export const eventTable = {
  tick: { roles: everyone, latestState: true, what: "the gateway is alive" },
  health: { roles: everyone, latestState: true, what: "the health summary changed" },
  shutdown: { roles: everyone, what: "the gateway stops or restarts" },
  presence: { roles: operators, scope: READ, latestState: true, what: "who is connected" },
  "config.changed": { roles: operators, scope: READ, what: "the configuration changed" },
  "device.pair.requested": { roles: operators, scope: PAIRING, what: "a device asks for approval" },
  "device.pair.resolved": {
    roles: operators,
    scope: PAIRING,
    what: "a pairing request was decided",
  },
  "node.pair.requested": {
    roles: operators,
    scope: PAIRING,
    what: "a node asks for approval of what it offers",
  },
  "node.pair.resolved": {
    roles: operators,
    scope: PAIRING,
    what: "what a node offers was decided",
  },
  "node.presence": {
    roles: operators,
    scope: READ,
    latestState: true,
    what: "when the person at a node was last active",
  },
  "node.hostStats": {
    roles: operators,
    scope: READ,
    latestState: true,
    what: "figures of a node's machine",
  },
  "device.pair.setup.completed": {
    roles: operators,
    scope: PAIRING,
    what: "a setup code paired a device, which was sent its tokens",
  },
  "device.pair.setup.deliveryUncertain": {
    roles: operators,
    scope: PAIRING,
    what: "a setup code paired a device that was gone when its tokens were sent; it may try again",
  },
  "device.pair.changed": {
    roles: operators,
    scope: PAIRING,
    what: "a paired device was renamed; with `more`, so many events about requests wait because too many came: `device.pair.list` and `node.pair.list` have them all",
  },
} as const satisfies Record<string, EventRule>;

export type EventName = keyof typeof eventTable;

/** Events aimed at one connection: no `seq`, no access rule. */
const targetedEvents = [
  "connect.challenge",
  "node.invoke.request",
  "node.invoke.cancel",
  "node.invoke.progress",
  "node.standby",
  "voicewake.changed",
  "voicewake.routing.changed",
] as const;

/** What `hello-ok.features.events` lists. */
export const eventNames: readonly string[] = [...targetedEvents, ...Object.keys(eventTable)];

/** Whether two rules let the same callers in. */
export function sameAccess(a: Access, b: Access): boolean {
  return a.roles === b.roles && a.scope === b.scope && a.hostOnly === b.hostOnly;
}
