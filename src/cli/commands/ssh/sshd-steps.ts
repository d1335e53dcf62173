import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Environment } from "../../../lib/environment.ts";
import { blank, openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { CliError } from "../../kit/exit.ts";
import { type SshSetup, settingsOf, sshdDropIn, uncounted } from "./scripts.ts";
import { DROP_IN, effective, LOCAL, REMOTE, reload, SSHD_CONFIG, testConfig } from "./sshd.ts";
import { type ConfigLine, type Reading, readAsSshd, type SshdFiles } from "./sshd-reading.ts";
import { type Step, writeFile } from "./steps.ts";

const ENABLE_BLOCK = openclaw`ssh enable --authorized-keys`;
const PRINT = shell`sshd -T -C ${blank(`user=<account>,${LOCAL}`)}`;

/**
 * Users whose sshd settings must be after the change what they were before: root, the admin, and
 * one that no settings are made for.
 */
function others(env: Environment): string[] {
  const admin = env["SUDO_USER"];
  return ["root", "nobody", ...(admin && admin !== "root" ? [admin] : [])];
}

async function everybody(env: Environment, file?: string): Promise<string> {
  const views = others(env).flatMap((user) => [LOCAL, REMOTE].map((from) => ({ user, from })));
  const all = await Promise.all(
    views.map(({ user, from }) => effective(user, env, { file, from })),
  );
  return all.join("\n");
}

/**
 * Puts the drop-in in place. It is tried on a private copy first, and kept only if sshd accepts it,
 * every line of it counts for the account, and nothing changes for other users.
 */
export function dropInStep(facts: SshSetup, env: Environment): Step {
  const text = sshdDropIn(facts);
  const there = dropInText();
  const put = (what: string | undefined) => {
    if (what === undefined) rmSync(DROP_IN, { force: true });
    else writeFile(DROP_IN, what, 0o644);
  };
  return {
    words:
      there === text
        ? `test ${DROP_IN} again, and let sshd read it`
        : `write ${DROP_IN}, test that it changes nothing for anybody else, and let sshd read it`,
    ...(there === text ? {} : { detail: text }),
    run: async () => {
      const was = await everybody(env);
      await tryCopy(text, { facts, env, was });
      if (there !== text) put(text);
      await testConfig(env);
      await refuseUncounted(facts, env);
      if ((await everybody(env)) !== was) throw changesOthers();
      await reload(env);
    },
    undo: async () => {
      if (there === text) return;
      put(there);
      await reload(env);
    },
  };
}

/** What the drop-in says now, if there is one. */
export function dropInText(): string | undefined {
  return existsSync(DROP_IN) ? readFileSync(DROP_IN, "utf8") : undefined;
}

interface Trial {
  readonly facts: SshSetup;
  readonly env: Environment;
  readonly was: string;
}

/**
 * Tries the text on a private copy of all that sshd reads, in the place where sshd will read it. The copy
 * is outside of that: a killed process leaves no trace there.
 * @throws CliError where sshd would not accept it, or it has another effect than it should
 */
async function tryCopy(text: string, { facts, env, was }: Trial): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "openclaw-sshd-"));
  try {
    const places = { main: SSHD_CONFIG, dropIn: DROP_IN, text };
    const reading = copyConfig(places, folder);
    refuseEarlier(reading, facts);
    await testConfig(env, reading.file);
    await refuseUncounted(facts, env, reading);
    if ((await everybody(env, reading.file)) !== was) throw changesOthers();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Copies all that sshd reads into a folder, with the drop-in where it is read. */
export function copyConfig(places: SshdFiles, folder: string): Reading {
  let files = 0;
  return readAsSshd(places, (text) => {
    files += 1;
    const file = join(folder, `${files}.conf`);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  });
}

/** Other names of settings that the drop-in has, as sshd knows them. */
const aliases: Readonly<Record<string, string>> = {
  challengeresponseauthentication: "kbdinteractiveauthentication",
  skeyauthentication: "kbdinteractiveauthentication",
  dsaauthentication: "pubkeyauthentication",
};

/**
 * The first `Match` that decides for the account before the drop-in does, and only for some connections,
 * which `sshd -T` does not show: one by address or port that sets what the drop-in sets, or one in which
 * the drop-ins are included.
 */
export function earlierMatch(
  { before, within }: Pick<Reading, "before" | "within">,
  facts: SshSetup,
): (ConfigLine & { readonly isWithin: boolean }) | undefined {
  const ours = new Set(settingsOf(facts).map(([name]) => name.toLowerCase()));
  const around = within.find(({ by }) => by !== "all");
  if (around) return { ...around, isWithin: true };
  const first = before.find(
    ({ by, settings }) => by === "way" && settings.some((name) => ours.has(aliases[name] ?? name)),
  );
  return first && { ...first, isWithin: false };
}

function refuseEarlier(reading: Reading, facts: SshSetup): void {
  const earlier = earlierMatch(reading, facts);
  if (!earlier) return;
  const { file, line, isWithin } = earlier;
  throw new CliError("failed", `“${line}” in ${file} comes before ours and would win over it`, {
    next:
      isWithin || dirname(file) !== dirname(DROP_IN)
        ? `move that block of ${file} below its line: Include /etc/ssh/sshd_config.d/*.conf`
        : `rename ${file} so that it sorts after ${DROP_IN}`,
  });
}

/** A configuration of the admin's own may not include drop-ins, or decide before them. */
async function refuseUncounted(
  facts: SshSetup,
  env: Environment,
  { file, placed }: Partial<Reading> = {},
): Promise<void> {
  const missing = uncounted(facts, await effective(facts.account, env, { file }));
  if (missing.length === 0) return;
  if (placed || !missing.includes("AuthorizedKeysCommand")) throw notCounted(missing);
  throw new CliError("failed", `${SSHD_CONFIG} does not include /etc/ssh/sshd_config.d`, {
    next: say`${ENABLE_BLOCK}, or let ${SSHD_CONFIG} begin with: Include /etc/ssh/sshd_config.d/*.conf`,
  });
}

function notCounted(missing: readonly string[]): CliError {
  const which = missing.join(", ");
  return new CliError("failed", `something else decides about ${which} for this account`, {
    next: say`${PRINT} (it prints what counts)`,
  });
}

function changesOthers(): CliError {
  return new CliError("failed", "it would change sshd's configuration for other users too", {
    next: ENABLE_BLOCK,
  });
}

/**
 * Removes the drop-in, even where sshd's configuration is broken otherwise: once the account is
 * gone, no one can log in by it. Resolves with why sshd could not read it anew, or `undefined`.
 */
export async function removeDropIn(env: Environment): Promise<string | undefined> {
  rmSync(DROP_IN, { force: true });
  try {
    await reload(env);
    return undefined;
  } catch (error) {
    return error instanceof CliError ? error.message : String(error);
  }
}
