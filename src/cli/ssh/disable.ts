import { existsSync, readFileSync, rmSync } from "node:fs";
import { APPROVER_KEYS } from "../../lib/paths.ts";
import { withGateway } from "../connect.ts";
import type { Context } from "../context.ts";
import { CliError } from "../exit.ts";
import type { Environment } from "../io.ts";
import type { Run } from "../shell.ts";
import { removeAccount, removeGroup } from "./accounts.ts";
import { removeBlock } from "./authorized-keys.ts";
import { setKey } from "./config-steps.ts";
import { KEYS_ACCOUNT, SSH_ACCOUNT, SSH_FOLDER, TMPFILES } from "./scripts.ts";
import { sshSettings } from "./settings.ts";
import { DROP_IN } from "./sshd.ts";
import { dropInSteps } from "./sshd-steps.ts";
import { agree, runSteps, type Step } from "./steps.ts";

export interface DisableOptions {
  readonly yes?: boolean;
}

/**
 * `openclaw ssh disable`: nobody can log in any more first, then what was made for it goes. Works with
 * the gateway stopped too; its state is opened last, because root becomes its owner for that.
 */
export const disable: Run<DisableOptions> = async (context, _args, options) => {
  const { io } = context;
  const isRoot = process.getuid?.() === 0;
  if (existsSync(DROP_IN) && !isRoot) {
    throw new CliError("failed", "this changes sshd's configuration: it takes root", {
      next: "sudo openclaw ssh disable",
    });
  }
  const steps = isRoot ? await machineSteps(io.env) : [];
  const last: Step = {
    words: "take the settings of gateway.ssh out of the gateway's configuration",
    run: () => forget(context),
  };
  await agree(context, [...steps, last], options);
  await runSteps([...steps, last], (line) => io.out(line));
  io.out("Approval over SSH is off. Keys stay listed: openclaw ssh list");
};

async function forget(context: Context): Promise<void> {
  await withGateway(
    context,
    { scopes: [], stopped: "existing", hostOnly: true },
    async (gateway) => {
      const { ssh: set } = await sshSettings(gateway);
      if (set.authorizedKeys !== undefined) await removeBlock(set.authorizedKeys).run();
      for (const name of ["account", "host", "port", "authorizedKeys"] as const) {
        if (set[name] !== undefined) await setKey(gateway, `gateway.ssh.${name}`);
      }
    },
  );
}

async function machineSteps(env: Environment): Promise<Step[]> {
  const account = accountInDropIn() ?? SSH_ACCOUNT;
  return [
    ...(await dropInSteps(undefined, account, env)),
    {
      words: `end what runs as ${account} and ${KEYS_ACCOUNT}, and remove both users if they are ours`,
      run: async () => {
        await removeAccount(account, env);
        await removeAccount(KEYS_ACCOUNT, env);
        await removeGroup(KEYS_ACCOUNT, env);
      },
    },
    {
      words: `remove ${SSH_FOLDER}, ${APPROVER_KEYS} and ${TMPFILES}`,
      run: () => {
        for (const path of [SSH_FOLDER, APPROVER_KEYS, TMPFILES]) {
          rmSync(path, { recursive: true, force: true });
        }
      },
    },
  ];
}

function accountInDropIn(): string | undefined {
  if (!existsSync(DROP_IN)) return undefined;
  return /^Match User (\S+)$/m.exec(readFileSync(DROP_IN, "utf8"))?.[1];
}
