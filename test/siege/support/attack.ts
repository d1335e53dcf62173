import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { TestDevice } from "../../kit/client.ts";

const program = fileURLToPath(new URL("./attacker.mjs", import.meta.url));

export interface AttackOptions {
  /** A function of attacker.mjs. */
  readonly attack: string;
  readonly to: { readonly host?: string; readonly port: number };
  readonly sources: readonly string[];
  readonly count?: number;
  readonly rate?: number;
  readonly device?: TestDevice;
  readonly token?: string;
  /** What it is run by, such as in a network of its own. */
  readonly runner?: readonly string[];
}

/** What came of an attack, as it saw it. Times in milliseconds. */
export interface AttackResult {
  readonly opened: number;
  readonly closed: number;
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  readonly slowest: number;
}

/** An attack that goes on in a process of its own. */
export class Attack {
  #output = "";
  readonly #ended: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.#ended = once(child, "close");
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
  }

  static start({ runner = [], to, device, ...options }: AttackOptions): Attack {
    const key = device && {
      ...device,
      privateKey: device.privateKey.export({ type: "pkcs8", format: "pem" }),
    };
    const given = JSON.stringify({ ...options, device: key, to: { host: "127.0.0.1", ...to } });
    const [command = "", ...words] = [...runner, process.execPath, program, given];
    return new Attack(spawn(command, words, { stdio: ["pipe", "pipe", "inherit"] }));
  }

  async stop(): Promise<AttackResult> {
    if (this.child.exitCode === null) this.child.stdin?.end();
    await this.#ended;
    return JSON.parse(this.#output);
  }
}

/** So many addresses of this machine's own, each in a network of its own. */
export function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `127.${100 + (n >> 8)}.${n & 255}.1`);
}

/** So many addresses of one prefix, each in a /64 of its own, written as nginx would not. */
export function addressesV6(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `2001:db8:5:${n.toString(16)}::${n % 3}:b`);
}
