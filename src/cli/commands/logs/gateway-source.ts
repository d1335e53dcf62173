import { setTimeout as sleep } from "node:timers/promises";
import { READ } from "../../../protocol/access.ts";
import type { Context } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway, Result } from "../../reach/gateway.ts";
import { type LogLine, parseLine } from "./line.ts";
import { type LogAsk, type LogReader, POLL_MS } from "./source.ts";

/** The result of `logs.tail`. */
type TailAnswer = Result<"logs.tail">;

const MOST_BYTES = 1_000_000;
const MOST_LINES = 5_000;

/** The lines that the gateway keeps in memory, followed by cursor, also over its restarts. */
export function gatewaySource(context: Context): LogReader {
  return { name: "the gateway", read: (ask) => tails(context, ask) };
}

async function* tails(context: Context, ask: LogAsk): AsyncGenerator<readonly LogLine[]> {
  let cursor: number | undefined;
  let away = false;
  for (;;) {
    try {
      for await (const tail of oneConnection(context, { ...ask, cursor })) {
        if (away) context.io.err("the gateway is back");
        away = false;
        cursor = tail.cursor;
        yield tail.lines.map((line) => parseLine(line));
      }
      return;
    } catch (error) {
      // Before the first lines a failure is one; later it is a restart, which is worth following.
      if (cursor === undefined || !isAway(error)) throw error;
      if (!away) context.io.err("the gateway went away; waiting for it");
      away = true;
      await sleep(POLL_MS);
    }
  }
}

/** Tails until the connection ends; asks once only, unless the log is followed. */
async function* oneConnection(
  context: Context,
  ask: LogAsk & { cursor: number | undefined },
): AsyncGenerator<TailAnswer> {
  let done = () => {};
  const over = new Promise<void>((resolve) => {
    done = resolve;
  });
  const opened = new Promise<ReachedGateway>((resolve, reject) => {
    withGateway(context, { scopes: [READ] }, async (gateway) => {
      resolve(gateway);
      await over;
    }).catch(reject);
  });
  try {
    const gateway = await opened;
    let { cursor } = ask;
    for (;;) {
      const from = cursor === undefined ? {} : { cursor };
      const limit = cursor === undefined ? ask.lines : MOST_LINES;
      const params = { limit, maxBytes: MOST_BYTES, ...from };
      const tail = await gateway.request("logs.tail", params).catch((error: unknown) => {
        throw connectionLost(gateway, error) ?? error;
      });
      cursor = tail.cursor;
      yield tail;
      if (!ask.follow) return;
      if (tail.cursor >= tail.size) await sleep(POLL_MS);
    }
  } finally {
    done();
  }
}

function isAway(error: unknown): boolean {
  return error instanceof CliError && error.exit === "unreachable";
}

/**
 * Whether a request failed because the connection by URL is gone: the client has no code for that,
 * while answers of the gateway and time-outs have theirs.
 */
export function connectionLost({ how }: ReachedGateway, error: unknown): CliError | undefined {
  if (how !== "remote" || !(error instanceof Error) || "code" in error) return undefined;
  return new CliError("unreachable", error.message, { cause: error });
}
