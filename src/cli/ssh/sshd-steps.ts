import { existsSync, readFileSync, rmSync } from "node:fs";
import { CliError } from "../exit.ts";
import type { Environment } from "../io.ts";
import { DROP_IN, effective, reload, testConfig } from "./sshd.ts";
import { type Step, writeFile } from "./steps.ts";

/** Whose access must be after the change what it was before: the admin's, and anybody's. */
function others(env: Environment): string[] {
  const admin = env["SUDO_USER"];
  return ["root", "nobody", ...(admin && admin !== "root" ? [admin] : [])];
}

/**
 * Puts the drop-in in place (or takes it away: `text` absent), and keeps it only if sshd accepts it, it
 * counts for the account, and nothing changes for anybody else.
 */
export async function dropInSteps(
  text: string | undefined,
  account: string,
  env: Environment,
): Promise<Step[]> {
  const before = existsSync(DROP_IN) ? readFileSync(DROP_IN, "utf8") : undefined;
  if (before === text) return [];
  const put = (what: string | undefined) => {
    if (what === undefined) rmSync(DROP_IN, { force: true });
    else writeFile(DROP_IN, what, 0o644);
  };
  const change = async () => {
    const was = await everybody(env);
    put(text);
    await testConfig(env);
    if (text !== undefined) await refuseUncounted(account, env);
    if ((await everybody(env)) !== was) throw changesOthers();
    await reload(env);
  };
  const words =
    text === undefined
      ? `take ${DROP_IN} away, and let sshd know`
      : `write ${DROP_IN}, test that it changes nothing for anybody else, and let sshd read it`;
  const undo = async () => {
    put(before);
    await reload(env);
  };
  return [{ words, ...(text !== undefined && { detail: text }), run: change, undo }];
}

async function everybody(env: Environment): Promise<string> {
  const all = await Promise.all(others(env).map((user) => effective(user, env)));
  return all.join("\n");
}

/** A configuration of the admin's own may not include drop-ins. */
async function refuseUncounted(account: string, env: Environment): Promise<void> {
  const lines = await effective(account, env);
  if (/^authorizedkeyscommand .*\/keys\.sh /m.test(lines)) return;
  throw new CliError("failed", "sshd's configuration does not include /etc/ssh/sshd_config.d", {
    next: "openclaw ssh enable --authorized-keys, or let /etc/ssh/sshd_config begin with: Include /etc/ssh/sshd_config.d/*.conf",
  });
}

function changesOthers(): CliError {
  return new CliError("failed", "it would change sshd's configuration for other users too", {
    next: "openclaw ssh enable --authorized-keys",
  });
}
