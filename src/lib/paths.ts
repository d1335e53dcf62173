import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a packaged gateway puts its admin socket (a setgid folder made by tmpfiles.d). */
const PACKAGED_ADMIN_SOCKET = "/run/openclaw-gateway/admin/admin.sock";
const PACKAGED_ADMIN_FOLDER = "/run/openclaw-gateway/admin";

/** The state folder: `OPENCLAW_STATE_DIR`, else `~/.openclaw-gateway`. Absolute. */
export function stateFolder(env: Environment): string {
  const named = env["OPENCLAW_STATE_DIR"] || "~/.openclaw-gateway";
  const home = env["HOME"] || homedir();
  return resolve(named.replace(/^~(?=\/|$)/, home));
}

/**
 * The admin socket: `OPENCLAW_ADMIN_SOCKET`, else the packaged one where its folder exists and the
 * state is the packaged one's, else `admin.sock` in the state folder.
 */
export function resolveAdminSocket(env: Environment, stateDir: string): string {
  const named = env["OPENCLAW_ADMIN_SOCKET"];
  if (named) return resolve(named);
  const packaged =
    env["OPENCLAW_STATE_DIR"] === undefined || stateDir === "/var/lib/openclaw-gateway";
  if (packaged && existsSync(PACKAGED_ADMIN_FOLDER)) return PACKAGED_ADMIN_SOCKET;
  return join(stateDir, "admin.sock");
}
