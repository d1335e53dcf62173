import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { APPROVER_KEYS } from "../../lib/paths.ts";
import { type Gateway, notRunning, openRunning } from "../connect.ts";
import type { Context } from "../context.ts";
import { CliError } from "../exit.ts";
import type { Environment } from "../io.ts";
import { sharedPaths } from "../program-paths.ts";
import type { Run } from "../shell.ts";
import type { HostInfo } from "../wire.ts";
import { shownLines } from "../words.ts";
import { accountSteps, approverAccount, groupSteps, keysAccount } from "./accounts.ts";
import { enableBlock } from "./authorized-keys.ts";
import { settingSteps } from "./config-steps.ts";
import { proofStep } from "./proof.ts";
import * as scripts from "./scripts.ts";
import { approveLine, sshSettings } from "./settings.ts";
import { DROP_IN, findSshd, type Sshd } from "./sshd.ts";
import { dropInSteps } from "./sshd-steps.ts";
import {
  agree,
  fileStep,
  folderStep,
  refuseLooseFolders,
  runSteps,
  type Step,
  tool,
} from "./steps.ts";

export interface EnableOptions {
  readonly account?: string;
  readonly host?: string;
  readonly authorizedKeys?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const APPROVE_FOLDER = "/run/openclaw-gateway/approve";

/** `openclaw ssh enable` */
export const enable: Run<EnableOptions> = async (context, _args, options) => {
  const gateway = await openRunning(context);
  if (!gateway) throw notRunning();
  try {
    const info = await gateway.request<HostInfo>("host.info");
    if (options.authorizedKeys) return await enableBlock(context, { gateway, info, options });
    refuseUnpackaged(info);
    await enableDropIn(context, gateway, options);
  } finally {
    await gateway.close();
  }
};

/** Where every part has its place and its group; elsewhere a user's own authorized_keys does. */
function refuseUnpackaged({ adminSocket }: HostInfo): void {
  if (adminSocket.startsWith("/run/openclaw-gateway/") && existsSync(APPROVE_FOLDER)) return;
  throw new CliError("failed", "this gateway was not set up by the installer", {
    next: "openclaw ssh enable --authorized-keys (approvers then log in as you, for this alone)",
  });
}

async function enableDropIn(
  context: Context,
  gateway: Gateway,
  options: EnableOptions,
): Promise<void> {
  const { io } = context;
  if (process.getuid?.() !== 0 && !options.dryRun) {
    throw new CliError("failed", "this changes sshd's configuration: it takes root", {
      next: "sudo openclaw ssh enable",
    });
  }
  const sshd = await findSshd(io.env);
  const facts = factsFor(options.account ?? scripts.SSH_ACCOUNT, sshd);
  refuseLooseFolders(join(facts.folder, "keys.sh"));
  const settings = await settingSteps(gateway, {
    "gateway.ssh.account": facts.account,
    "gateway.ssh.host": options.host,
    "gateway.ssh.port": String(sshd.port),
  });
  const steps = [
    ...(await partSteps(facts, io.env)),
    ...(await dropInSteps(scripts.sshdDropIn(facts), facts.account, io.env)),
    ...settings,
  ];
  if (steps.length === 0) {
    io.out("Approval over SSH is on already; nothing to change.");
  } else {
    const publish: Step = {
      words: "tell sshd's helper the keys there are",
      run: async () => void (await gateway.request("host.ssh.publish")),
    };
    const proof = proofStep(gateway, { account: facts.account, sshd, env: io.env });
    // Settings last: nobody should be shown a line that does not work.
    const all = [...steps.slice(0, steps.length - settings.length), publish, proof, ...settings];
    const dropIn = all.find(({ detail, words }) => detail && words.includes(DROP_IN));
    if (dropIn && !options.yes) io.out(`${DROP_IN}:\n\n${dropIn.detail}`);
    if (options.dryRun) return agree(context, all, { yes: true });
    await agree(context, all, options);
    await runSteps(all, (line) => io.out(line));
  }
  await sayNext(context, gateway);
}

function factsFor(account: string, { timeouts }: Sshd): scripts.SshFacts {
  const { node, script } = sharedPaths();
  return {
    account,
    keysAccount: scripts.KEYS_ACCOUNT,
    folder: scripts.SSH_FOLDER,
    keysFile: join(APPROVER_KEYS, "approvers"),
    socket: join(APPROVE_FOLDER, "approve.sock"),
    node,
    program: join(dirname(script), "ssh-answer.js"),
    timeouts,
  };
}

/** Accounts, scripts, and the folder in which the gateway leaves the keys. */
async function partSteps(facts: scripts.SshFacts, env: Environment): Promise<Step[]> {
  const { account, folder } = facts;
  const tmpfiles = `# Where the gateway leaves the keys of approvers for sshd's helper, and for it alone.
d ${APPROVER_KEYS} 2750 openclaw-gateway ${facts.keysAccount}
`;
  const makeFolder: Step = {
    words: `make the folder ${APPROVER_KEYS}`,
    run: async () => void (await tool(env, "systemd-tmpfiles", "--create", scripts.TMPFILES)),
    undo: async () => void (await tool(env, "rm", "-rf", APPROVER_KEYS)),
  };
  return [
    ...(await groupSteps(scripts.SSH_GROUP, env)),
    ...(await groupSteps(facts.keysAccount, env)),
    ...(await accountSteps(approverAccount(account, scripts.SSH_GROUP, folder), env)),
    ...(await accountSteps(keysAccount(facts.keysAccount), env)),
    ...folderStep(dirname(folder)),
    ...folderStep(folder),
    ...fileStep(join(folder, "keys.sh"), { text: scripts.keysScript(facts), mode: 0o755 }),
    ...fileStep(join(folder, "answer.sh"), { text: scripts.answerScript(facts), mode: 0o755 }),
    ...fileStep(scripts.TMPFILES, { text: tmpfiles, mode: 0o644 }),
    ...(existsSync(APPROVER_KEYS) ? [] : [makeFolder]),
  ];
}

async function sayNext({ io }: Context, gateway: Gateway): Promise<void> {
  const { keys } = await gateway.request<{ keys: unknown[] }>("host.ssh.list");
  const line = shownLines(approveLine(await sshSettings(gateway)) ?? "");
  io.out(`Approvers type: ${line}`);
  if (keys.length === 0) io.out("  next: openclaw ssh add <key.pub> --name phone");
  io.out("  To undo all of this: openclaw ssh disable");
}
