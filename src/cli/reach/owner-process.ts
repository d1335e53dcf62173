import { type ChildProcess, fork } from "node:child_process";
import type { Environment } from "../../lib/environment.ts";
import type { Run } from "../kit/declare.ts";
import { CliError } from "../kit/exit.ts";
import { gatewayBehind, type ReachedGateway } from "./gateway.ts";

/** A request; without a method, that there will be no more. */
interface OwnerRequest {
  readonly id: number;
  readonly method?: string;
  readonly params?: unknown;
}

/** What the process says: that the state is open (`id` 0), or what came of a request. */
interface Answer {
  readonly id: number;
  readonly payload?: unknown;
  readonly failure?: object;
}

/** The methods on stopped state, run by a process of the state's owner. */
export async function openAsOwner(
  owner: { readonly uid: number; readonly gid: number },
  env: Environment,
): Promise<ReachedGateway> {
  const { uid, gid } = owner;
  const child = fork(process.argv[1] ?? "", ["gateway", "serve-stopped"], {
    uid,
    gid,
    env,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let serial = 0;
  const ask = (request: Omit<OwnerRequest, "id">) => {
    serial += 1;
    const answer = answered(child, serial);
    child.send({ id: serial, ...request } satisfies OwnerRequest);
    return answer;
  };
  await answered(child, 0);
  return gatewayBehind({
    how: "stopped",
    call: (method, params) => ask({ method, params }),
    close: async () => void (await ask({})),
  });
}

/** The payload of the answer with this `id`. Rejects with what went wrong in the process. */
function answered(child: ChildProcess, id: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => {
      child.off("message", heard);
      child.off("close", closed);
      then();
    };
    const heard = (message: unknown) => {
      const { id: of, payload, failure } = message as Answer;
      if (of !== id) return;
      const error = failure && Object.assign(new Error(), failure);
      settle(() => (error ? reject(error) : resolve(payload)));
    };
    const closed = () =>
      settle(() =>
        reject(new CliError("failed", "the user that the state belongs to can't run this program")),
      );
    child.on("message", heard);
    child.once("close", closed);
    child.once("error", closed);
  });
}

/**
 * `openclaw gateway serve-stopped`: what {@link openAsOwner} starts; of no use to people.
 * @throws CliError (usage) where a person runs it
 */
export const serveStopped: Run<unknown> = async ({ io }) => {
  if (!process.send) throw new CliError("usage", "this command is for the program's own use");
  const say = (answer: Answer) => void process.send?.(answer);
  const { openOffline } = await import("../../main/offline.ts");
  const offline = await openOffline({ env: io.env }).catch((error: unknown) => {
    say({ id: 0, failure: plain(error) });
  });
  if (!offline) return "failed";
  const last = await new Promise<number | undefined>((resolve) => {
    process.on("message", ({ id, method, params }: OwnerRequest) => {
      if (method === undefined) return resolve(id);
      offline.request(method, params).then(
        (payload) => say({ id, payload }),
        (error: unknown) => say({ id, failure: plain(error) }),
      );
    });
    // The process that started this was killed.
    process.once("disconnect", () => resolve(undefined));
    say({ id: 0 });
  });
  await offline.close();
  if (last === undefined) return "failed";
  say({ id: last });
  process.disconnect();
  return "ok";
};

/** What people are told of an error: the rest does not survive the way between processes. */
function plain(error: unknown): object {
  const { message, code, details, next, retryAfterMs } = error as Record<string, unknown>;
  return { message: message ?? String(error), code, details, next, retryAfterMs };
}
