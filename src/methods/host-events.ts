import { ADMIN } from "../protocol/access.ts";
import { invalidRequest } from "../protocol/errors.ts";
import { type EventName, eventTable } from "../protocol/events.ts";
import * as t from "../protocol/typed-schema.ts";
import { method } from "./method.ts";

// The table is what has them as names.
const names = Object.keys(eventTable) as EventName[];

export const hostEvents = method({
  name: "host.events",
  summary:
    "From now on this connection is sent these events, with a gapless `seq`, until it ends or asks for others; none ends it. One that does not read them is closed.",
  access: { roles: ["operator"], scope: ADMIN, hostOnly: true },
  params: t.object({ events: t.array(t.oneOf(...names), { maxItems: names.length }) }),
  result: () => t.object({ events: t.array(t.oneOf(...names)) }),
  run: ({ events }, { actor, receiver, services, onEnd }) => {
    if (!receiver) throw invalidRequest("events go to whoever is connected to a running gateway");
    const isNew = services.events.follow(receiver, actor, events);
    if (isNew) onEnd(() => services.events.leave(receiver));
    return { events };
  },
});
