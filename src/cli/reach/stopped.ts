import { readdirSync, statSync } from "node:fs";
import { stateFolder } from "../../host/paths.ts";
import { systemCode, whyFailed } from "../../lib/system-words.ts";
import { openclaw, shell } from "../../protocol/command.ts";
import { say } from "../../protocol/text.ts";
import type { Context } from "../kit/context.ts";
import { CliError } from "../kit/exit.ts";
import { gatewayBehind, type Needs, type ReachedGateway } from "./gateway.ts";

/** Code of the error where no gateway ran yet. */
export const NO_STATE = "NO_STATE";

interface Owner {
  readonly uid: number;
  readonly gid: number;
  /** What a command line keeps in the folder is no state. */
  readonly hasState: boolean;
}

/**
 * The methods of the gateway on the state of one that does not run, under its writer's lock. Root
 * becomes the state's owner first: files that belonged to root would shut the gateway out.
 * @throws CliError (unreachable) where there is no state, (state) where it can't be read
 */
export async function openStopped(
  { io }: Context,
  { stopped, staysRoot }: Pick<Needs, "staysRoot"> & Required<Pick<Needs, "stopped">>,
): Promise<ReachedGateway> {
  const folder = stateFolder(io.env);
  const owner = stateOwner(folder);
  if (!owner?.hasState && stopped === "existing") throw noState(folder);
  const { openOffline } = await import("../../main/offline.ts");
  if (owner && (staysRoot ? isForeign(owner) : !becomeOwner(owner))) {
    const { openAsOwner } = await import("./owner-process.ts");
    return openAsOwner(owner, io.env);
  }
  const offline = await openOffline({ env: io.env });
  return gatewayBehind({
    how: "stopped",
    call: (method, params) => offline.request(method, params),
    close: () => offline.close(),
  });
}

/** Whose folder it is; `undefined` where there is none. */
function stateOwner(folder: string): Owner | undefined {
  try {
    const { uid, gid } = statSync(folder);
    const hasState = readdirSync(folder).some((name) => !name.startsWith("cli-"));
    return { uid, gid, hasState };
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw unreadable(folder, error);
  }
}

/** Root's rights help where the user has too few, and nowhere else: each part of the path is to be looked at. */
function unreadable(folder: string, cause: unknown): CliError {
  const code = systemCode(cause);
  const denied = code === "EACCES" || code === "EPERM";
  const message = `the state in ${folder} can't be read: ${whyFailed(cause)}`;
  if (denied && process.getuid?.() !== 0) {
    return new CliError("state", message, { asRoot: true, code, cause });
  }
  const look = shell`namei -l ${folder}`;
  const next = say`${look} (shows each part of that path; mend it, or set OPENCLAW_STATE_DIR to where the state is)`;
  return new CliError("state", message, { next, code, cause });
}

/** Whether root would have to become the state's owner, who is another user. */
function isForeign({ uid }: Owner): boolean {
  return process.getuid?.() === 0 && uid !== 0;
}

/**
 * `false` where Node refuses to change the user: one that was linked with the system's libuv, such
 * as Debian's, can't tell whether an io_uring would keep the rights of root.
 */
function becomeOwner(owner: Owner): boolean {
  if (!isForeign(owner)) return true;
  const { uid, gid } = owner;
  try {
    process.setgroups?.([gid]);
  } catch {
    return false;
  }
  process.setgid?.(gid);
  process.setuid?.(uid);
  return true;
}

function noState(folder: string): CliError {
  return new CliError(
    "unreachable",
    `the gateway is not running and ${folder} holds no state of one`,
    {
      next: say`${openclaw`gateway run`} (or set OPENCLAW_STATE_DIR to where its state is)`,
      code: NO_STATE,
    },
  );
}
