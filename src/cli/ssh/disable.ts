import { existsSync, rmSync } from "node:fs";
import { APPROVER_KEYS } from "../../lib/paths.ts";
import { withGateway } from "../connect.ts";
import type { Context } from "../context.ts";
import { CliError } from "../exit.ts";
import type { Io } from "../io.ts";
import type { Run } from "../shell.ts";
import { ownAccounts, removeAccount, removeGroup } from "./accounts.ts";
import { blockFolder, ownBlock, removeBlock } from "./authorized-keys.ts";
import { setKey } from "./config-steps.ts";
import { KEYS_ACCOUNT, SSH_FOLDER, TMPFILES } from "./scripts.ts";
import { sshSettings } from "./settings.ts";
import { DROP_IN } from "./sshd.ts";
import { removeDropIn } from "./sshd-steps.ts";
import { agree, runForward, type Step, tool } from "./steps.ts";

export interface DisableOptions {
  readonly yes?: boolean;
}

/**
 * `openclaw ssh disable`: nobody can log in any more first, then what was made for it goes. Nothing of
 * it depends on anything else of it, and it may be repeated. Works with the gateway stopped too; its
 * state is opened last, because root becomes its owner for that.
 */
export const disable: Run<DisableOptions> = async (context, _args, options) => {
  const { io } = context;
  const isRoot = process.getuid?.() === 0;
  const parts = [DROP_IN, SSH_FOLDER, TMPFILES].filter((path) => existsSync(path));
  // A block in one's own authorized_keys is one's own, whatever another gateway on the machine has.
  if (parts.length > 0 && !isRoot && !(await hasOwnBlock(context))) {
    throw new CliError("failed", "this changes the machine's accounts and sshd: it takes root", {
      next: "sudo openclaw ssh disable",
    });
  }
  const steps = [
    ...(isRoot ? machineSteps(io) : []),
    {
      words: "take the settings of gateway.ssh out of the gateway's configuration",
      run: () => forget(context),
    },
  ];
  await agree(context, steps, options);
  await runForward(steps, (line) => io.out(line));
  io.out("Approval over SSH is off. Keys stay listed: openclaw ssh list");
};

const ownGateway = { scopes: [], stopped: "existing", hostOnly: true } as const;

const hasOwnBlock = (context: Context) =>
  withGateway(context, ownGateway, async (gateway) => {
    const { authorizedKeys } = (await sshSettings(gateway)).ssh;
    return authorizedKeys !== undefined && authorizedKeys === ownBlock(context.io.env)?.file;
  });

const forget = (context: Context) =>
  withGateway(context, ownGateway, async (gateway) => {
    const { env } = context.io;
    const { ssh: set } = await sshSettings(gateway);
    const block = ownBlock(env);
    if (block && block.file === set.authorizedKeys) {
      removeBlock(block.file);
      rmSync(blockFolder(env), { recursive: true, force: true });
    }
    for (const name of ["account", "host", "port", "authorizedKeys"] as const) {
      if (set[name] !== undefined) await setKey(gateway, `gateway.ssh.${name}`);
    }
  });

function machineSteps({ env, out }: Io): Step[] {
  return [
    {
      words: `take ${DROP_IN} away, and let sshd know`,
      run: async () => {
        if (!existsSync(DROP_IN)) return;
        const problem = await removeDropIn(env);
        if (problem === undefined) return;
        out(`  sshd goes on with what it read before: ${problem}`);
        out("    once that is mended: systemctl reload ssh");
      },
    },
    {
      words: "end what runs as the accounts of approval over SSH, and remove them",
      run: async () => {
        for (const name of await ownAccounts(env)) await removeAccount(name, env);
        await removeGroup(KEYS_ACCOUNT, env);
      },
    },
    {
      words: `remove ${SSH_FOLDER}, ${APPROVER_KEYS} and ${TMPFILES}`,
      // The folder of the keys is the gateway's: rm follows no link that could be put there meanwhile.
      run: async () =>
        void (await tool(env, "rm", "-rf", "--", SSH_FOLDER, APPROVER_KEYS, TMPFILES)),
    },
  ];
}
