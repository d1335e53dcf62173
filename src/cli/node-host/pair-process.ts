import { fork } from "node:child_process";
import type { Text } from "../../protocol/text.ts";
import type { Context } from "../kit/context.ts";
import type { Run } from "../kit/declare.ts";
import { CliError } from "../kit/exit.ts";
import { secretOption } from "../reach/remote-options.ts";
import { NodeHost } from "./host.ts";
import { type ConnectOptions, hostOptions } from "./options.ts";
import { readTarget } from "./target.ts";
import { NODE_STATE } from "./unit.ts";

/** A user to act as. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** What the process is told; over its pipe, because a link's secret must not show in process lists. */
interface PairTask {
  readonly link: string;
  readonly options: ConnectOptions;
  readonly global: Context["options"];
}

interface Answer {
  readonly failure?: { readonly message: string; readonly next?: Text };
}

/**
 * Connects once in a process of the service's user, so that a link that does not work is told here
 * and not in a log. Root does not do it itself: in a user's folder it could be led astray by that
 * user's symbolic links. A process of its own, because Node.js as distributions build it cannot
 * change the user it runs as.
 * @throws CliError (failed) where the node could not connect
 */
export async function pairAs(
  { uid, gid }: Ids,
  context: Context,
  ask: { readonly link: string; readonly options: ConnectOptions },
): Promise<void> {
  const token = await secretOption(context, "token");
  const password = await secretOption(context, "password");
  const global = {
    ...context.options,
    ...(token !== undefined && { token }),
    ...(password !== undefined && { password }),
  };
  const child = fork(process.argv[1] ?? "", ["pair-node"], {
    uid,
    gid,
    cwd: "/",
    env: { ...context.io.env, OPENCLAW_NODE_DIR: NODE_STATE, HOME: NODE_STATE },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const answer = new Promise<Answer>((resolve) => {
    const none = { message: "the service's user can't run this program" };
    child.once("message", (message) => resolve(message as Answer));
    child.once("error", () => resolve({ failure: none }));
    child.once("close", () => resolve({ failure: none }));
  });
  child.send({ link: ask.link, options: ask.options, global } satisfies PairTask, () => undefined);
  const { failure } = await answer;
  if (failure) throw new CliError("failed", failure.message, { next: failure.next });
}

/**
 * `openclaw pair-node`: what {@link pairAs} starts; of no use to people.
 * @throws CliError (usage) where a person runs it
 */
export const pairNode: Run<unknown> = async ({ io }) => {
  if (!process.send) throw new CliError("usage", "this command is for the program's own use");
  const ask = await new Promise<PairTask>((resolve) => process.once("message", resolve));
  const answer = await pairOnce({ io, options: ask.global }, ask).then(
    (): Answer => ({}),
    (error: Error & { next?: Text }): Answer => {
      const { message, next } = error;
      return { failure: { message, ...(next !== undefined && { next }) } };
    },
  );
  await new Promise((sent) => process.send?.(answer, sent));
  process.disconnect();
};

async function pairOnce(context: Context, { link, options }: PairTask): Promise<void> {
  const base = await hostOptions(context, options);
  const host: NodeHost = new NodeHost({
    ...base,
    target: readTarget(link),
    tell: (event) => {
      base.tell(event);
      if (event.event === "connected") void host.stop();
    },
  });
  await host.run();
}
