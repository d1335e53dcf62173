import { asRoot, openclaw, shell } from "../../protocol/command.ts";
import { say, type Text } from "../../protocol/text.ts";
import { CliError } from "../kit/exit.ts";
import { UNIT } from "../reach/connect.ts";

interface Answer {
  /** Why the option does not exist here. */
  readonly why: string;
  /** What to type instead. */
  readonly next: Text;
}

const STOP: Answer = {
  why: "it always waits for what runs, and ends it after a while",
  next: openclaw`gateway stop`,
};
const RESTART: Answer = {
  why: "it always lets what runs end first, for a while, and then restarts",
  next: openclaw`gateway restart`,
};
const SECRET: Answer = {
  why: "secrets are kept hashed in the state, and read from standard input",
  next: openclaw`config set gateway.token -`,
};
const STATUS: Answer = {
  why: "it always asks the gateway itself; what else may be wrong is the doctor's to say",
  next: openclaw`doctor`,
};

/** Options of OpenClaw's own command line that ours has no use for. */
const answers: Readonly<Record<string, Readonly<Record<string, Answer>>>> = {
  "gateway stop": {
    "--force": STOP,
    "--disable": {
      why: "that is systemd's to do, where it runs the gateway",
      next: asRoot(shell`systemctl disable --now ${UNIT}`),
    },
  },
  "gateway restart": {
    "--force": RESTART,
    "--safe": RESTART,
    "--wait": RESTART,
    "--skip-deferral": RESTART,
  },
  "gateway status": {
    "--deep": STATUS,
    "--no-probe": STATUS,
    "--require-rpc": {
      why: "its exit code is 3 where nothing answers",
      next: openclaw`gateway status`,
    },
    "--timeout": STATUS,
  },
  "gateway run": {
    "--force": {
      why: "it never ends another program that has the port",
      next: say`${openclaw`gateway stop`} (then: ${openclaw`gateway run`})`,
    },
    "--allow-unconfigured": { why: "it needs no configuration", next: openclaw`gateway run` },
    "--dev": { why: "it needs no configuration", next: openclaw`gateway run` },
    "--auth": { why: "that is a setting", next: openclaw`config set gateway.auth.mode token` },
    "--password-file": SECRET,
    "--tailscale": {
      why: "any proxy on this machine will do",
      next: openclaw`config set gateway.publicUrl https://gateway.example.com`,
    },
  },
};

/**
 * Says what to type instead of options that people know from other programs.
 * @throws CliError (usage) where one of `typed` is such an option
 */
export function refuseForeignOptions(words: readonly string[], typed: readonly string[]): void {
  const command = words.slice(0, 2).join(" ");
  const known = Object.hasOwn(answers, command) ? answers[command] : undefined;
  for (const word of typed) {
    const [option = ""] = word.split("=");
    const answer = known && Object.hasOwn(known, option) ? known[option] : undefined;
    if (!answer) continue;
    const { why, next } = answer;
    throw new CliError("usage", `${command} has no ${option}: ${why}`, { next });
  }
}
