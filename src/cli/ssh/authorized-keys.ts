import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import type { Gateway } from "../connect.ts";
import type { Context } from "../context.ts";
import { CliError } from "../exit.ts";
import { ownPaths } from "../program-paths.ts";
import type { HostInfo } from "../wire.ts";
import { shown } from "../words.ts";
import { blockLines, outsideKeys, withBlock, withoutBlock } from "./block.ts";
import { settingSteps } from "./config-steps.ts";
import type { EnableOptions } from "./enable.ts";
import type { KeyRow } from "./keys.ts";
import { answerScript } from "./scripts.ts";
import { approveLine, sshSettings } from "./settings.ts";
import { agree, fileStep, runSteps, type Step } from "./steps.ts";

/** Said where the block could not follow; the gateway itself acts on the change already. */
export interface BlockProblem {
  readonly message: string;
  readonly next: string;
}

/**
 * `openclaw ssh enable --authorized-keys`: approvers log in as the user that this runs as, whose
 * authorized_keys gets a marked block. For machines where sshd's configuration is somebody else's.
 */
export async function enableBlock(
  context: Context,
  { gateway, info, options }: { gateway: Gateway; info: HostInfo; options: EnableOptions },
): Promise<void> {
  const { io } = context;
  const { username, uid } = userInfo();
  const path = join(homedir(), ".ssh/authorized_keys");
  const facts = scriptFacts(info);
  if (lstatSync(info.stateDir).uid !== uid) {
    throw new CliError("failed", `the gateway's state belongs to somebody else than ${username}`, {
      next: "run this as the user that the gateway runs as",
    });
  }
  // The line of a key has no way to write any other character of a path.
  if (!/^[\w./-]+$/.test(facts.folder)) {
    throw new CliError("failed", `the path ${facts.folder} can't stand in authorized_keys`, {
      next: "give the gateway a state folder of plain letters: OPENCLAW_STATE_DIR",
    });
  }
  const settings = await settingSteps(gateway, {
    "gateway.ssh.account": options.account ?? username,
    "gateway.ssh.host": options.host,
    "gateway.ssh.authorizedKeys": path,
  });
  const script = join(facts.folder, "answer.sh");
  const steps: Step[] = [
    {
      words: `make ${facts.folder}`,
      run: () => void mkdirSync(facts.folder, { recursive: true, mode: 0o755 }),
    },
    ...fileStep(script, { text: answerScript(facts), mode: 0o755 }),
    ...settings,
    {
      words: `keep a marked block in ${path}, one line for each key of an approver`,
      run: async () => {
        const problem = await followBlock(context, gateway);
        if (problem) throw new CliError("failed", problem.message, { next: problem.next });
      },
    },
  ];
  await agree(context, steps, { yes: options.yes === true || options.dryRun === true });
  if (options.dryRun) return;
  await runSteps(steps, (line) => io.out(line));
  io.out(`Approvers type: ${approveLine(await sshSettings(gateway)) ?? ""}`);
  io.out("  next: openclaw ssh add <key.pub> --name phone");
}

function scriptFacts({ stateDir, adminSocket }: HostInfo) {
  const { node, script } = ownPaths();
  return {
    account: "",
    keysAccount: "",
    folder: join(stateDir, "ssh"),
    keysFile: "",
    socket: join(dirname(adminSocket), "approve.sock"),
    node,
    program: join(dirname(script), "ssh-answer.js"),
    timeouts: false,
  };
}

/** Brings the block up to date after the keys changed, where there is to be one. */
export async function followBlock(
  { io }: Context,
  gateway: Gateway,
): Promise<BlockProblem | undefined> {
  const { authorizedKeys: path } = (await sshSettings(gateway)).ssh;
  if (path === undefined) return undefined;
  const { keys } = await gateway.request<{ keys: KeyRow[] }>("host.ssh.list");
  const live = keys.filter(({ expiresAtMs = Infinity }) => expiresAtMs > io.now());
  const info = await gateway.request<HostInfo>("host.info");
  const script = join(info.stateDir, "ssh/answer.sh");
  try {
    const before = existsSync(path) ? readFileSync(path, "utf8") : "";
    const [twice] = outsideKeys(before, live);
    if (twice) {
      return {
        message: `${shown(twice.name)} stands in ${path} outside the block too, where it may do more`,
        next: `take that line out of ${path}, then: openclaw ssh list`,
      };
    }
    replaceText(path, before, withBlock(before, blockLines(live, script)));
    return undefined;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    return {
      message: `${path} could not be changed: ${why}`,
      next: `openclaw ssh list, as the user whose file it is`,
    };
  }
}

/** Takes our block out; everything else stays. */
export function removeBlock(path: string): Step {
  return {
    words: `take the block out of ${path}`,
    run: () => {
      if (!existsSync(path)) return;
      const before = readFileSync(path, "utf8");
      replaceText(path, before, withoutBlock(before));
    },
  };
}

/** Replaces the file as a whole, with its mode and owner, unless somebody else changed it meanwhile. */
function replaceText(path: string, before: string, after: string): void {
  if (before === after) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const facts = existsSync(path) ? lstatSync(path) : undefined;
  if (facts && !facts.isFile()) throw new Error("it is no plain file");
  const temporary = `${path}.openclaw-new`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, after, { mode: 0o600, flag: "wx" });
  if (facts) {
    chmodSync(temporary, facts.mode & 0o7777);
    if (process.getuid?.() === 0) chownSync(temporary, facts.uid, facts.gid);
  }
  const now = existsSync(path) ? readFileSync(path, "utf8") : "";
  if (now !== before) {
    rmSync(temporary);
    throw new Error("somebody else changed it at the same moment");
  }
  renameSync(temporary, path);
}
