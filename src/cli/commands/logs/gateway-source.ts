import { setTimeout as sleep } from "node:timers/promises";
import { whyFailed } from "../../../lib/system-words.ts";
import { READ } from "../../../protocol/access.ts";
import { blank, openclaw, shell } from "../../../protocol/command.ts";
import { onGateway, say, type Text } from "../../../protocol/text.ts";
import type { Context } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import { shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway, Result } from "../../reach/gateway.ts";
import { Bridge } from "./bridge.ts";
import type { LastingLog } from "./lasting-log.ts";
import { type LogLine, parseLine } from "./line.ts";
import { type LogAsk, type LogReader, POLL_MS } from "./source.ts";

/** The result of `logs.tail`. */
type TailAnswer = Result<"logs.tail">;

const MOST_BYTES = 1_000_000;
const MOST_LINES = 5_000;

/** What a gateway of this machine says of itself. */
type HostReport = Result<"host.info">;

type FindLogs = (report: HostReport | undefined) => Promise<LastingLog[]>;

/**
 * The lines that the gateway keeps in memory, followed by cursor, also over its restarts. What it does not
 * have there any more, and what a start says that fails, comes from where it wrote to, if that is here.
 */
export function gatewaySource(context: Context, findLogs: FindLogs): LogReader {
  return { name: "the gateway", read: (ask) => tails(context, ask, findLogs) };
}

async function* tails(
  context: Context,
  ask: LogAsk,
  findLogs: FindLogs,
): AsyncGenerator<readonly LogLine[]> {
  if (!ask.follow || context.options.url !== undefined) return yield* tailsWith(context, ask);
  const bridging = bridgeTo(context, findLogs);
  try {
    yield* tailsWith(context, ask, bridging);
  } finally {
    await bridging.bridge.close();
  }
}

async function* tailsWith(
  context: Context,
  ask: LogAsk,
  { bridge, greet }: Partial<ReturnType<typeof bridgeTo>> = {},
): AsyncGenerator<readonly LogLine[]> {
  const { io } = context;
  let cursor: number | undefined;
  let away = false;
  for (;;) {
    try {
      for await (const tail of oneConnection(context, { ...ask, cursor, greet })) {
        if (away || tail.reset) yield* missed(context, bridge, away);
        if (away) io.err("the gateway is back");
        away = false;
        cursor = tail.cursor;
        const lines = tail.lines.map((line) => parseLine(line));
        yield (await bridge?.answered(lines)) ?? lines;
      }
      return;
    } catch (error) {
      // Before the first lines a failure is one; later it is a restart, which is worth following.
      if (cursor === undefined || !isAway(error)) throw error;
      if (!away) io.err(awayWords(await bridge?.look()));
      away = true;
      yield (await bridge?.next()) ?? [];
      await sleep(POLL_MS);
    }
  }
}

/** A bridge, and what it is to hear of each gateway that was reached. */
function bridgeTo(context: Context, findLogs: FindLogs) {
  const { io } = context;
  let report: HostReport | undefined;
  const bridge = new Bridge({
    find: () => findLogs(report),
    now: () => io.now(),
    failed: (log, error) => sayUnread(context, log, error),
  });
  const greet = async (gateway: ReachedGateway) => {
    report = (await gateway.request("host.info").catch(() => undefined)) ?? report;
    await bridge.look();
  };
  return { bridge, greet };
}

/** What the gateway's memory does not have any more. */
async function* missed(
  { io }: Context,
  bridge: Bridge | undefined,
  away: boolean,
): AsyncGenerator<readonly LogLine[]> {
  const names = (await bridge?.look()) ?? [];
  if (bridge) yield await bridge.next();
  // While it was away that was said already.
  if (!away && names.length === 0) {
    io.err("lines are missing here: more came at once than the gateway keeps");
  }
}

const AWAY = "the gateway went away; waiting for it";

/** That the gateway is away, and where what it says meanwhile comes from or is to be found. */
function awayWords(names: readonly string[] | undefined): Text {
  if (!names) {
    return say`${AWAY}; what it says meanwhile is on its machine: ${onGateway(openclaw`logs --since 15m`)}`;
  }
  if (names.length > 0) return `${AWAY}; meanwhile from ${shown(names.join(" and "), 400)}:`;
  const container = shell`docker logs ${blank("CONTAINER")}`;
  return say`${AWAY}
no file and no journal keeps what it says meanwhile: that stands where its output goes, in its terminal or, of a container, in ${container}; for a file: ${KEEP}`;
}

const KEEP = openclaw`config set logging.file /var/log/openclaw-gateway/gateway.log`;

function sayUnread({ io }: Context, { name }: LastingLog, error: unknown): void {
  const why = error instanceof CliError ? error.message : whyFailed(error);
  io.err(`${shown(name, 400)} can't be read: ${shown(why, 400)}`);
  const next = error instanceof CliError ? error.next : undefined;
  if (next !== undefined) io.err(say`  next: ${next}`);
}

/** Tails until the connection ends; asks once only, unless the log is followed. */
async function* oneConnection(
  context: Context,
  ask: LogAsk & {
    cursor: number | undefined;
    greet: ((gateway: ReachedGateway) => Promise<void>) | undefined;
  },
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
    await ask.greet?.(gateway);
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
