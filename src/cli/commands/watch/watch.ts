import type { Context } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";

/** `openclaw devices watch`: a live list on a terminal, else a line for all that happens. */
export const watch: Run<unknown> = async (context) => {
  if (onTerminal(context)) {
    const { watchOnTerminal } = await import("./interactive.ts");
    return watchOnTerminal(context);
  }
  const { watchInLines } = await import("./lines.ts");
  return watchInLines(context);
};

/** A terminal that can place text; `TERM=dumb` names one that can't. */
function onTerminal({ io, options }: Context): boolean {
  return io.asksPerson && !options.json && io.env["TERM"] !== "dumb";
}
