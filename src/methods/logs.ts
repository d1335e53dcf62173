import { covers, PAIRING, READ } from "../protocol/access.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { method } from "./method.ts";

const LINES = 500;
const BYTES = 250_000;

export const logsTail = method({
  name: "logs.tail",
  summary:
    "The newest lines of the log, or those from `cursor` on, without a gap: where `size` is more than the `cursor` of the answer there is more to read. Lines that name a request or a device come with `operator.pairing` alone.",
  access: { roles: ["operator"], scope: READ },
  // Its bounds are rows of the limits: logTailLines and logTailBytes.
  params: wireSchemas.logsTail,
  result: () =>
    t.object({
      file: t.string(),
      cursor: t.integer(),
      size: t.integer(),
      lines: t.array(t.string()),
      truncated: t.boolean(),
      reset: t.boolean(),
    }),
  run: ({ cursor, limit = LINES, maxBytes = BYTES }, { actor, services }) => {
    const { file, ring } = services.logs;
    // What the events about requests and devices are kept to (docs/events.md).
    const reserved = covers(actor.scopes, PAIRING);
    return { file, ...ring.tail({ cursor, limit, maxBytes, reserved }) };
  },
});

export const logMethods = [logsTail];
