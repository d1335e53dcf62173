import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { resolveAdminSocket, resolveApproveSocket, stateFolder } from "../../../host/paths.ts";
import type { Environment } from "../../../lib/environment.ts";
import { systemWords } from "../../../lib/system-words.ts";
import { asRoot, openclaw } from "../../../protocol/command.ts";
import { say, type Text } from "../../../protocol/text.ts";
import type { Context } from "../../kit/context.ts";
import { CliError } from "../../kit/exit.ts";
import { ownPaths } from "../../kit/program-paths.ts";
import { quoted, shown } from "../../kit/words.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { blockLines, outsideKeys, withBlock, withoutBlock } from "./block.ts";
import { SSH_FOLDER, type SshSetup } from "./scripts.ts";
import { sshSettings } from "./settings.ts";
import type { Step } from "./steps.ts";

const ENABLE = openclaw`ssh enable --authorized-keys`;

/** Said where the block could not follow; the gateway itself acts on the change already. */
export interface BlockProblem {
  readonly message: string;
  readonly next: Text;
}

/** A file for a marked block with the keys of approvers, and what their lines run. */
export interface Block {
  readonly file: string;
  readonly script: string;
}

/** The file of an account of our own: root's, in a folder of root's, so root may write it. */
export const ROOTS_BLOCK: Block = {
  file: `${SSH_FOLDER}/.ssh/authorized_keys`,
  script: `${SSH_FOLDER}/answer.sh`,
};

/**
 * The block that this process may write. Nothing of that is asked of the gateway: one that was taken
 * over must not get root to write a file of its choice. Root writes its own file only for a gateway
 * that runs as root.
 */
export function ownBlock(env: Environment): Block | undefined {
  const { uid, homedir } = userInfo();
  if (gatewayOwner(env) !== uid) {
    return uid === 0 && existsSync(dirname(ROOTS_BLOCK.file)) ? ROOTS_BLOCK : undefined;
  }
  return {
    file: join(homedir, ".ssh/authorized_keys"),
    script: join(blockFolder(env), "answer.sh"),
  };
}

/** Who the gateway runs as, by the socket or the state that belongs to it. */
function gatewayOwner(env: Environment): number | undefined {
  const state = stateFolder(env);
  const path = [resolveAdminSocket(env, state), state].find((one) => existsSync(one));
  return path === undefined ? undefined : lstatSync(path).uid;
}

/** Where the script is that the lines of one's own block run. */
export function blockFolder(env: Environment): string {
  return join(stateFolder(env), "ssh");
}

/** What the script of one's own block consists of. */
export function ownFacts(env: Environment): SshSetup {
  const { node, script } = ownPaths();
  return {
    account: userInfo().username,
    keysAccount: "",
    folder: blockFolder(env),
    keysFile: "",
    socket: resolveApproveSocket(env, stateFolder(env)),
    node,
    program: join(dirname(script), "ssh-answer.js"),
    timeouts: false,
  };
}

/** Keeps the block in step with the gateway's keys. */
export function blockStep(context: Context, gateway: ReachedGateway, block: Block): Step {
  return {
    words: `keep a marked block in ${block.file}, one line for each key of an approver`,
    run: async () => {
      const problem = await writeBlock(context, gateway, block);
      if (problem) throw new CliError("failed", problem.message, { next: problem.next });
    },
    undo: () => removeBlock(block.file),
  };
}

/** Brings the block up to date after the keys changed, where there is to be one. */
export async function followBlock(
  context: Context,
  gateway: ReachedGateway,
): Promise<BlockProblem | undefined> {
  const { authorizedKeys: named } = (await sshSettings(gateway)).ssh;
  if (named === undefined) return undefined;
  const block = ownBlock(context.io.env);
  if (block?.file === named) return writeBlock(context, gateway, block);
  return {
    message: `${shown(named, 200)} was left as it is: only its owner's command line writes it`,
    next: named === ROOTS_BLOCK.file ? asRoot(ENABLE) : ENABLE,
  };
}

async function writeBlock(
  { io }: Context,
  gateway: ReachedGateway,
  { file, script }: Block,
): Promise<BlockProblem | undefined> {
  const { keys } = await gateway.request("host.ssh.list");
  const live = keys.filter(({ expiresAtMs = Infinity }) => expiresAtMs > io.now());
  try {
    const before = existsSync(file) ? readFileSync(file, "utf8") : "";
    const [twice] = outsideKeys(before, live);
    if (twice) {
      return {
        message: `${quoted(shown(twice.name))} stands in ${file} outside the block too, where it may do more`,
        next: say`give approvers keys of their own: ${openclaw`ssh remove ${shown(twice.fingerprint)}`}`,
      };
    }
    replaceText(file, before, withBlock(before, blockLines(live, script)));
    return undefined;
  } catch (error) {
    const why = systemWords(error) ?? (error as Error).message;
    return {
      message: `${file} was not changed: ${why}`,
      next: say`${ENABLE} (it writes the block anew)`,
    };
  }
}

/** Takes our block out; everything else stays. */
export function removeBlock(path: string): void {
  if (!existsSync(path)) return;
  const before = readFileSync(path, "utf8");
  replaceText(path, before, withoutBlock(before));
}

/** Replaces the file as a whole, with its mode, unless its text is not `before` any more. */
function replaceText(path: string, before: string, after: string): void {
  if (before === after) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const facts = existsSync(path) ? lstatSync(path) : undefined;
  if (facts && !facts.isFile()) throw new Error("it is no plain file");
  const temporary = `${path}.openclaw-new`;
  rmSync(temporary, { force: true });
  // sshd reads the one in root's folder as the account.
  const mode = facts ? facts.mode & 0o7777 : path === ROOTS_BLOCK.file ? 0o644 : 0o600;
  writeFileSync(temporary, after, { mode, flag: "wx" });
  chmodSync(temporary, mode);
  const now = existsSync(path) ? readFileSync(path, "utf8") : "";
  if (now !== before) {
    rmSync(temporary);
    throw new Error("somebody else changed it at the same moment");
  }
  renameSync(temporary, path);
}
