import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Environment } from "../lib/environment.ts";

/** Where a packaged gateway puts its sockets: one setgid folder for each group, made by tmpfiles.d. */
export const PACKAGED = "/run/openclaw-gateway";
const PACKAGED_STATE = "/var/lib/openclaw-gateway";

/** The state folder: `OPENCLAW_STATE_DIR`, else `~/.openclaw-gateway`. Absolute. */
export function stateFolder(env: Environment): string {
  return expand(env["OPENCLAW_STATE_DIR"] || "~/.openclaw-gateway", env);
}

/** The configuration's file: `OPENCLAW_CONFIG_PATH`, else `openclaw.json` in the state folder. Absolute. */
export function configPath(env: Environment, stateDir: string): string {
  const named = env["OPENCLAW_CONFIG_PATH"];
  return named ? expand(named, env) : join(stateDir, "openclaw.json");
}

/** `path` made absolute, with `~` as the home folder. */
function expand(path: string, env: Environment): string {
  const home = env["HOME"] || homedir();
  // A function, because `$&` in a folder's name would stand for what was found.
  return resolve(path.replace(/^~(?=\/|$)/, () => home));
}

/**
 * The admin socket: `OPENCLAW_ADMIN_SOCKET`, else the packaged one where its folder exists and the
 * state is the packaged one's, else `admin.sock` in the state folder.
 */
export function resolveAdminSocket(env: Environment, stateDir: string): string {
  return env["OPENCLAW_ADMIN_SOCKET"]
    ? resolve(env["OPENCLAW_ADMIN_SOCKET"])
    : localSocket("admin", env, stateDir);
}

/**
 * The path of the socket for approvals over SSH: `OPENCLAW_APPROVE_SOCKET`, else a place of its own
 * under /run where the state is the packaged one's, else `approve.sock` in the state folder.
 */
export function resolveApproveSocket(env: Environment, stateDir: string): string {
  return env["OPENCLAW_APPROVE_SOCKET"]
    ? resolve(env["OPENCLAW_APPROVE_SOCKET"])
    : localSocket("approve", env, stateDir);
}

function localSocket(name: "admin" | "approve", env: Environment, stateDir: string): string {
  const folder = `${PACKAGED}/${name}`;
  if (isPackaged(env, stateDir) && existsSync(folder)) return `${folder}/${name}.sock`;
  return join(stateDir, `${name}.sock`);
}

function isPackaged(env: Environment, stateDir: string): boolean {
  return env["OPENCLAW_STATE_DIR"] === undefined || stateDir === PACKAGED_STATE;
}

/** The folder where sshd's helper looks for the keys of approvers; `openclaw ssh enable` makes it. */
export const APPROVER_KEYS = `${PACKAGED}/keys`;

/** The file that the gateway writes there for sshd's helper: the keys that may log in. */
export const APPROVERS_FILE = join(APPROVER_KEYS, "approvers");

/** The file with the keys that may approve over SSH; `undefined` where sshd reads none of ours. */
export function approversFile(env: Environment, stateDir: string): string | undefined {
  return isPackaged(env, stateDir) ? APPROVERS_FILE : undefined;
}
