import { existsSync, rmSync } from "node:fs";
import { APPROVER_KEYS } from "../../../host/paths.ts";
import { asRoot, openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import type { Context } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import type { Io } from "../../kit/io.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import type { DevicePairList } from "../devices/rows.ts";
import { ownAccounts, removeAccount, removeGroup } from "./accounts.ts";
import { blockFolder, ownBlock, removeBlock } from "./authorized-keys.ts";
import { KEYS_ACCOUNT, SSH_FOLDER, TMPFILES } from "./scripts.ts";
import { sshSettings } from "./settings.ts";
import { DROP_IN } from "./sshd.ts";
import { removeDropIn } from "./sshd-steps.ts";
import { agree, runForward, type Step, tool } from "./steps.ts";

const INVITE = openclaw`devices invite --scopes owner`;

export interface DisableOptions {
  readonly yes?: boolean;
  readonly force?: boolean;
}

/**
 * `openclaw ssh disable`: asks the gateway first, because it knows whether a key is the last
 * remaining admin; then ends logins, and removes accounts, scripts and settings. Each part works
 * without the others, so it may be repeated. Works with the gateway stopped too.
 * @throws CliError where it is not root, or would end the last remaining admin without `--force`
 */
export const disable: Run<DisableOptions> = async (context, _args, options) => {
  const { io } = context;
  const isRoot = process.getuid?.() === 0;
  const parts = [DROP_IN, SSH_FOLDER, TMPFILES].filter((path) => existsSync(path));
  // A block in one's own authorized_keys is one's own, whatever another gateway on the machine has.
  if (parts.length > 0 && !isRoot && !(await hasOwnBlock(context))) {
    throw new CliError("failed", "this changes the machine's accounts and sshd: it takes root", {
      next: asRoot(openclaw`ssh disable`),
    });
  }
  if (await endsLastWayIn(context)) {
    if (!options.force) throw lastWayIn();
    io.out("It ends the last way in with full control. To let yourself in again afterwards:");
    io.out(say`  ${INVITE}`);
  }
  const steps = [
    {
      words: "take the settings of gateway.ssh out of the gateway's configuration",
      run: () => forget(context, options),
    },
    ...(isRoot ? machineSteps(io) : []),
  ];
  await agree(context, steps, options);
  await runForward(steps, (line) => io.out(line));
  io.out(say`Approval over SSH is off. Keys stay listed: ${openclaw`ssh list`}`);
};

const ownGateway = { scopes: [], stopped: "existing", hostOnly: true, staysRoot: true } as const;

const hasOwnBlock = (context: Context) =>
  withGateway(context, ownGateway, async (gateway) => {
    const { authorizedKeys } = (await sshSettings(gateway)).ssh;
    return authorizedKeys !== undefined && authorizedKeys === ownBlock(context.io.env)?.file;
  });

const forget = (context: Context, options: DisableOptions) =>
  withGateway(context, ownGateway, async (gateway) => {
    const { env } = context.io;
    const { ssh: set } = await sshSettings(gateway);
    // The rest means nothing without it, so it is all that the gateway may refuse.
    if (set.account !== undefined) await unset(gateway, "gateway.ssh.account", options);
    const block = ownBlock(env);
    if (block && block.file === set.authorizedKeys) {
      removeBlock(block.file);
      rmSync(blockFolder(env), { recursive: true, force: true });
    }
    // The block's place last: who repeats this must still find it.
    for (const name of ["host", "port", "authorizedKeys"] as const) {
      if (set[name] !== undefined) await unset(gateway, `gateway.ssh.${name}`, options);
    }
  });

async function unset(
  gateway: ReachedGateway,
  path: string,
  { force }: DisableOptions,
): Promise<void> {
  try {
    await gateway.request("host.config.set", { path, ...(force && { force }) });
  } catch (error) {
    const { code } = (error as { details?: { code?: unknown } }).details ?? {};
    throw code === LAST ? lastWayIn() : error;
  }
}

function lastWayIn(): CliError {
  const message =
    "nothing was changed: a key is the last way in with full control; let a device in first";
  const next = say`${INVITE} (open the link on a device, then repeat the command; to end it all the same: ${openclaw`ssh disable --force`})`;
  return new CliError("failed", message, { next, code: LAST });
}

const LAST = "LAST_WAY_IN";

/** Whether SSH keys are the only remaining admins; `false` where the gateway can't be asked. */
async function endsLastWayIn(context: Context): Promise<boolean> {
  const first = (gateway: ReachedGateway) => gateway.request("device.pair.list", { limit: 1 });
  const { waysIn } = await withGateway(context, ownGateway, first).catch(
    (): Partial<DevicePairList> => ({}),
  );
  return waysIn !== undefined && waysIn.devices === 0 && waysIn.others > 0;
}

function machineSteps({ env, out }: Io): Step[] {
  return [
    {
      words: `take ${DROP_IN} away, and let sshd know`,
      run: async () => {
        if (!existsSync(DROP_IN)) return;
        const problem = await removeDropIn(env);
        if (problem === undefined) return;
        out(`  sshd goes on with what it read before: ${problem}`);
        out(say`    once that is mended: ${shell`systemctl reload ssh`}`);
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
