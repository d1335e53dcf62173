import { READ } from "../protocol/access.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { method } from "./method.ts";

const LINES = 500;
const BYTES = 250_000;

export const logsTail = method({
  name: "logs.tail",
  summary:
    "The newest lines of the log, or those from `cursor` on, without a gap: where `size` is more than the `cursor` of the answer there is more to read.",
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
  run: ({ cursor, limit = LINES, maxBytes = BYTES }, { services }) => {
    const { file, ring } = services.logs;
    return { file, ...ring.tail({ cursor, limit, maxBytes }) };
  },
});

export const logMethods = [logsTail];
