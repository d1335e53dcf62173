import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { inContainer } from "../../../host/container.ts";
import { APPROVER_KEYS, APPROVERS_FILE, PACKAGED } from "../../../host/paths.ts";
import type { Environment } from "../../../lib/environment.ts";
import { sshHost } from "../../../protocol/approve-line.ts";
import { asRoot, extended, openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import type { Context } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { sharedPaths } from "../../kit/program-paths.ts";
import { shown, shownLines, shownText } from "../../kit/words.ts";
import { notRunning, openRunning } from "../../reach/connect.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import {
  accountSteps,
  approverAccount,
  groupSteps,
  keysAccount,
  otherApprovers,
  removeAccount,
} from "./accounts.ts";
import { settingSteps } from "./config-steps.ts";
import { enableOwnBlock, enableRootsBlock } from "./enable-block.ts";
import type { EnableOptions } from "./options.ts";
import { proofStep } from "./proof.ts";
import * as scripts from "./scripts.ts";
import { approveCommandOf, sshSettings } from "./settings.ts";
import { findSshd, type Sshd } from "./sshd.ts";
import { dropInStep, dropInText } from "./sshd-steps.ts";
import {
  agree,
  fileStep,
  folderStep,
  refuseLooseFolders,
  runSteps,
  type Step,
  tool,
} from "./steps.ts";

const ENABLE = openclaw`ssh enable`;
const ENABLE_BLOCK = openclaw`ssh enable --authorized-keys`;
const DISABLE = openclaw`ssh disable`;
const NAME_HOST = openclaw`config set gateway.ssh.host gateway.example.com`;
const SHOW_LOGIN = openclaw`config set gateway.sshTarget root@gateway.example.com`;
const APPROVE_FOLDER = `${PACKAGED}/approve`;

/**
 * `openclaw ssh enable`: sets up approval over SSH on this machine, step by step, after asking.
 * @throws CliError where the gateway does not run, options don't fit, or a step fails
 */
export const enable: Run<EnableOptions> = async (context, _args, options) => {
  if (inContainer(context.io.env)) throw noSshd();
  const gateway = await openRunning(context);
  if (!gateway) throw notRunning();
  try {
    const { adminSocket } = await gateway.request("host.info");
    // Where every part has its place and its group; elsewhere a user's own authorized_keys does.
    const packaged = adminSocket.startsWith(`${PACKAGED}/`) && existsSync(APPROVE_FOLDER);
    if (!packaged && !options.authorizedKeys) throw notPackaged();
    if (packaged) refuseOthers(options);
    const way = packaged ? (options.authorizedKeys ? rootsBlock : dropIn) : enableOwnBlock;
    await way(context, gateway, options);
    if (!options.dryRun) await sayNext(context, gateway);
  } finally {
    await gateway.close();
  }
};

function noSshd(): CliError {
  const message =
    "a container has no sshd that approvers could log in to; who logs in to its host approves there";
  return new CliError("failed", message, { next: SHOW_LOGIN });
}

function notPackaged(): CliError {
  return new CliError("failed", "this gateway was not set up by the installer", {
    next: say`${ENABLE_BLOCK} (approvers then log in as you, for this alone)`,
  });
}

function refuseOthers({ authorizedKeys, dryRun }: EnableOptions): void {
  if (process.getuid?.() === 0) return;
  const command = asRoot(authorizedKeys ? ENABLE_BLOCK : ENABLE);
  const next = dryRun ? extended(command, "--dry-run") : command;
  throw new CliError("failed", "this changes the machine's accounts and sshd: it takes root", {
    next,
  });
}

type Way = (context: Context, gateway: ReachedGateway, options: EnableOptions) => Promise<void>;

/** The way that takes effect at once for every change: sshd asks a script of ours for keys. */
const dropIn: Way = async (context, gateway, options) => {
  const { env } = context.io;
  await refuseMix(gateway, { block: false });
  const sshd = await findSshd(env);
  const facts = factsFor(options.account ?? scripts.SSH_ACCOUNT, sshd);
  refuseLooseFolders(join(facts.folder, "keys.sh"));
  const inPlace = dropInText() === scripts.sshdDropIn(facts);
  const parts = [
    ...(await partSteps(facts, env)),
    ...(await groupSteps(facts.keysAccount, env)),
    ...(await accountSteps(keysAccount(facts.keysAccount), env)),
    ...fileStep(join(facts.folder, "keys.sh"), { text: scripts.keysScript(facts), mode: 0o755 }),
    ...keysFolderSteps(facts, env),
    ...(inPlace ? [] : [dropInStep(facts, env)]),
  ];
  const settings = await settingSteps(gateway, {
    "gateway.ssh.account": facts.account,
    "gateway.ssh.host": options.host,
    "gateway.ssh.port": options.port ?? String(sshd.port),
  });
  // Whatever is there already is looked at again: what ended an earlier run may have ended it anywhere.
  const again: Step[] = [
    ...(inPlace ? [dropInStep(facts, env)] : []),
    {
      words: "tell sshd's helper the keys there are",
      run: () => publish(gateway, env),
    },
    proofStep(gateway, { account: facts.account, place: sshd, env }),
  ];
  const old = await otherApprovers(facts.account, env);
  const leftover = old.map((name) => ({
    words: `remove the user ${name}, whom approvers logged in as before`,
    run: () => removeAccount(name, env),
  }));
  // Settings last: from then on the page shows the line, which must work.
  await carryOut(context, { parts, again, settings: [...settings, ...leftover] }, options);
};

const rootsBlock: Way = async (context, gateway, options) => {
  const { env } = context.io;
  await refuseMix(gateway, { block: true });
  const sshd = await findSshd(env);
  const facts = factsFor(options.account ?? scripts.SSH_ACCOUNT, sshd);
  refuseLooseFolders(join(facts.folder, "answer.sh"));
  const plan = { facts, sshd, parts: await partSteps(facts, env) };
  await carryOut(
    context,
    await enableRootsBlock(context, gateway, { ...options, ...plan }),
    options,
  );
};

interface Plan {
  readonly parts: readonly Step[];
  /** Done every time, whether something had to change or not. */
  readonly again: readonly Step[];
  readonly settings: readonly Step[];
}

async function carryOut(
  context: Context,
  { parts, again, settings }: Plan,
  options: EnableOptions,
): Promise<void> {
  const { io } = context;
  const all = [...parts, ...again, ...settings];
  if (parts.length + settings.length === 0) {
    if (!options.dryRun) await runSteps(again, () => undefined);
    io.out("Approval over SSH is on already; nothing to change.");
    return;
  }
  const detail = all.find((step) => step.detail !== undefined)?.detail;
  if (detail && !options.yes) io.out(`The part of sshd's configuration:\n\n${detail}`);
  await agree(context, all, { yes: options.yes === true || options.dryRun === true });
  if (!options.dryRun) await runSteps(all, (line) => io.out(line));
}

/** Each way has its own place for the keys; both at once would leave one of them behind. */
async function refuseMix(gateway: ReachedGateway, { block }: { block: boolean }): Promise<void> {
  const { authorizedKeys } = (await sshSettings(gateway)).ssh;
  const other = block ? dropInText() !== undefined : authorizedKeys !== undefined;
  if (!other) return;
  const how = block ? "a drop-in of sshd's" : `a block in ${shown(authorizedKeys, 200)}`;
  throw new CliError("failed", `approval over SSH is on already, by ${how}`, {
    next: say`${DISABLE}, then: ${block ? ENABLE_BLOCK : ENABLE}`,
  });
}

function factsFor(account: string, { timeouts }: Sshd): scripts.SshSetup {
  const { node, script } = sharedPaths();
  return {
    account,
    keysAccount: scripts.KEYS_ACCOUNT,
    folder: scripts.SSH_FOLDER,
    keysFile: APPROVERS_FILE,
    socket: join(APPROVE_FOLDER, "approve.sock"),
    node,
    program: join(dirname(script), "ssh-answer.js"),
    timeouts,
  };
}

/** The account that approvers log in to, and the one command that it runs. */
async function partSteps(facts: scripts.SshSetup, env: Environment): Promise<Step[]> {
  const { account, folder } = facts;
  return [
    ...(await groupSteps(scripts.SSH_GROUP, env)),
    ...(await accountSteps(approverAccount(account, scripts.SSH_GROUP, folder), env)),
    ...folderStep(dirname(folder)),
    ...folderStep(folder),
    ...fileStep(join(folder, "answer.sh"), { text: scripts.answerScript(facts), mode: 0o755 }),
  ];
}

/** The folder in which the gateway leaves the keys. */
function keysFolderSteps({ keysAccount: group }: scripts.SshSetup, env: Environment): Step[] {
  const tmpfiles = `# Where the gateway leaves the keys of approvers for sshd's helper, and for it alone.
d ${APPROVER_KEYS} 2750 openclaw-gateway ${group}
`;
  const make: Step = {
    words: `make the folder ${APPROVER_KEYS}`,
    run: () => makeKeysFolder(env),
    // Its parent is the gateway's: rm follows no link that could be put there meanwhile.
    undo: async () => void (await tool(env, "rm", "-rf", "--", APPROVER_KEYS)),
  };
  return [
    ...fileStep(scripts.TMPFILES, { text: tmpfiles, mode: 0o644 }),
    ...(existsSync(APPROVER_KEYS) ? [] : [make]),
  ];
}

async function makeKeysFolder(env: Environment): Promise<void> {
  await tool(env, "systemd-tmpfiles", "--create", scripts.TMPFILES);
}

async function publish(gateway: ReachedGateway, env: Environment): Promise<void> {
  // Sets owner and mode right, should they have been changed.
  await makeKeysFolder(env);
  const { unpublished } = await gateway.request("host.ssh.publish");
  if (unpublished === undefined) return;
  throw new CliError("failed", `the gateway can't write them: ${shownLines(unpublished)}`, {
    next: shell`ls -ld ${APPROVER_KEYS}`,
  });
}

async function sayNext({ io }: Context, gateway: ReachedGateway): Promise<void> {
  const { keys } = await gateway.request("host.ssh.list");
  const settings = await sshSettings(gateway);
  io.out(say`Approvers type: ${shownText(approveCommandOf(settings) ?? "")}`);
  if (sshHost(settings) === undefined) {
    io.out(say`  to have the name there: ${NAME_HOST}`);
  }
  if (keys.length === 0) io.out(say`  next: ${openclaw`ssh add key.pub --name phone`}`);
  io.out(say`  To undo all of this: ${DISABLE}`);
}
