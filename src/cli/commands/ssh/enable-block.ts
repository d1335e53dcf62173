import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Context } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import {
  type Block,
  blockFolder,
  blockStep,
  followBlock,
  ownBlock,
  ownFacts,
  ROOTS_BLOCK,
} from "./authorized-keys.ts";
import { settingSteps } from "./config-steps.ts";
import type { EnableOptions } from "./options.ts";
import { proofStep } from "./proof.ts";
import { answerScript, type SshSetup } from "./scripts.ts";
import { sshSettings } from "./settings.ts";
import type { SshdAddress } from "./sshd.ts";
import { agree, fileStep, folderStep, runSteps, type Step } from "./steps.ts";

interface RootsPlan extends EnableOptions {
  readonly facts: SshSetup;
  readonly sshd: SshdAddress;
  readonly parts: readonly Step[];
}

/**
 * `openclaw ssh enable --authorized-keys` on a machine that the installer set up, where sshd does
 * not read drop-ins: makes the account and the script as without the option, and a block in a file
 * of root's.
 */
export async function enableRootsBlock(
  context: Context,
  gateway: ReachedGateway,
  { facts, sshd, parts, host, port = String(sshd.port) }: RootsPlan,
) {
  const wanted = { host, port, account: facts.account };
  const settings = await blockSettings(gateway, ROOTS_BLOCK, wanted);
  return {
    parts: [...parts, ...folderStep(dirname(ROOTS_BLOCK.file))],
    // The block follows the settings: they say that there is one.
    again: [
      ...settings,
      blockStep(context, gateway, ROOTS_BLOCK),
      proof(context, gateway, { account: facts.account, place: sshd }),
    ],
    settings: [],
  };
}

/**
 * `openclaw ssh enable --authorized-keys` for a gateway that a user runs: approvers log in as that
 * user, whose own authorized_keys gets the block. For machines whose sshd configuration the user
 * may not change.
 * @throws CliError (failed) where another user runs the gateway, or its path can't stand in the
 * file
 */
export async function enableOwnBlock(
  context: Context,
  gateway: ReachedGateway,
  options: EnableOptions,
): Promise<void> {
  const { io } = context;
  const block = ownBlock(io.env);
  if (!block || block === ROOTS_BLOCK) {
    throw new CliError("failed", "the gateway runs as somebody else than you", {
      next: "run this as the user that the gateway runs as",
    });
  }
  const facts = ownFacts(io.env);
  // The line of a key has no way to write any other character of a path.
  if (!/^[\w./-]+$/.test(block.script)) {
    throw new CliError("failed", `the path ${block.script} can't stand in authorized_keys`, {
      next: "give the gateway a state folder of plain letters: OPENCLAW_STATE_DIR",
    });
  }
  const { ssh } = await sshSettings(gateway);
  const { host, port = String(ssh.port) } = options;
  const account = options.account ?? facts.account;
  const place = { address: "127.0.0.1", port: Number(port) };
  const steps: Step[] = [
    {
      words: `make ${facts.folder}`,
      run: () => void mkdirSync(facts.folder, { recursive: true, mode: 0o755 }),
      undo: () => rmSync(blockFolder(io.env), { recursive: true, force: true }),
    },
    ...fileStep(block.script, { text: answerScript(facts), mode: 0o755 }),
    ...(await blockSettings(gateway, block, { host, port, account })),
    blockStep(context, gateway, block),
    proof(context, gateway, { account, place }),
  ];
  await agree(context, steps, { yes: options.yes === true || options.dryRun === true });
  if (!options.dryRun) await runSteps(steps, (line) => io.out(line));
}

function blockSettings(
  gateway: ReachedGateway,
  { file }: Block,
  wanted: { account: string; host: string | undefined; port: string },
): Promise<Step[]> {
  return settingSteps(gateway, {
    "gateway.ssh.account": wanted.account,
    "gateway.ssh.host": wanted.host,
    "gateway.ssh.port": wanted.port,
    "gateway.ssh.authorizedKeys": file,
  });
}

function proof(
  context: Context,
  gateway: ReachedGateway,
  target: { readonly account: string; readonly place: SshdAddress },
): Step {
  const { env } = context.io;
  const follow = async () => {
    const problem = await followBlock(context, gateway);
    if (problem) throw new CliError("failed", problem.message, { next: problem.next });
  };
  return proofStep(gateway, { ...target, env, follow });
}
