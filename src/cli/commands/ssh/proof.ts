import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Environment } from "../../../lib/environment.ts";
import { sshLimitTable } from "../../../limits/ssh.ts";
import { openclaw, shell } from "../../../protocol/command.ts";
import { plainText, say } from "../../../protocol/text.ts";
import { CliError } from "../../kit/exit.ts";
import { shownLines } from "../../kit/words.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { runTool } from "../gateway/tools.ts";
import type { SshdAddress } from "./sshd.ts";
import { type Step, tool } from "./steps.ts";

interface Target {
  readonly account: string;
  readonly place: SshdAddress;
  readonly env: Environment;
  /** Called after every change of keys, where something besides the gateway must know of it. */
  readonly follow?: () => Promise<void>;
  readonly pause?: (ms: number) => Promise<unknown>;
}

const { sshProofKeyMs, sshProofMs, sshProofConnectMs } = sshLimitTable;
const BETWEEN_MS = 250;
const LOG = shell`journalctl -u ssh -n 20 --no-pager`;
const NAME = `proof of ${plainText(openclaw`ssh enable`)}`;

/** Logs in as approvers will, with a key that is made for it and taken away again. */
export function proofStep(gateway: ReachedGateway, target: Target): Step {
  return {
    words: `log in as ${target.account} with a throwaway key, ask who waits, and take the key away`,
    run: () => prove(gateway, target),
  };
}

async function prove(gateway: ReachedGateway, target: Target): Promise<void> {
  const { env, follow } = target;
  await sweepKeys(gateway);
  const folder = mkdtempSync(join(tmpdir(), "openclaw-ssh-"));
  try {
    const file = join(folder, "key");
    await tool(env, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file);
    const publicKey = readFileSync(`${file}.pub`, "utf8");
    const { key } = await gateway.request("host.ssh.add", {
      publicKey,
      name: `${NAME} ${process.pid}`,
      may: ["node"],
      expiresInMs: sshProofKeyMs.value,
    });
    try {
      await follow?.();
      await login(file, target);
    } finally {
      await gateway.request("host.ssh.remove", { key: key.fingerprint });
      await follow?.();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Removes the keys of proofs that were killed before they could do so, so that no list shows them.
 */
async function sweepKeys(gateway: ReachedGateway): Promise<void> {
  const { keys } = await gateway.request("host.ssh.list");
  for (const { name, fingerprint } of keys) {
    if (/^ \d+$/.test(name.startsWith(NAME) ? name.slice(NAME.length) : "")) {
      await gateway.request("host.ssh.remove", { key: fingerprint });
    }
  }
}

async function login(
  file: string,
  { account, place, env, pause = setTimeout }: Target,
): Promise<void> {
  const options = [
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    // Nothing is trusted to that end: it is this machine's own, by its own address.
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "LogLevel=ERROR",
    `ConnectTimeout=${sshProofConnectMs.value / 1000}`,
  ].flatMap((option) => ["-o", option]);
  const words = ["-F", "none", "-i", file, "-p", String(place.port), ...options];
  const dial = () => runTool("ssh", [...words, `${account}@${place.address}`, "list"], env);
  let waited = 0;
  let { exit, text } = await dial();
  for (let again = true; exit !== 0 && waited < sshProofMs.value && again; ) {
    // sshd closes its port for a moment while it reads its configuration, and may have it open again
    // before that is looked at: so a failure counts the second time.
    again = !(await listens(place));
    if (again) {
      await pause(BETWEEN_MS);
      waited += BETWEEN_MS;
    }
    ({ exit, text } = await dial());
  }
  if (exit === 0) return;
  const why = shownLines(text) || `exit code ${exit}`;
  throw new CliError("failed", `logging in as ${account} did not work: ${why}`, {
    next: say`${LOG} (it says why sshd refused it; on another port: --port)`,
  });
}

/** Whether anything accepts connections there. */
function listens({ address, port }: SshdAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: sshProofConnectMs.value });
    const settle = (found: boolean) => {
      socket.destroy();
      resolve(found);
    };
    socket.once("connect", () => settle(true));
    // Who is silent is there, and keeps ssh waiting as well.
    socket.once("timeout", () => settle(true));
    socket.once("error", () => settle(false));
  });
}
