import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { outcomeOf, type Result } from "../../kit/outcome.ts";
import { until } from "../../kit/until.ts";
import type { ExecOptions } from "../../kit/vps.ts";
import { expectOwnNetwork, onlyChild } from "../../kit/vps.ts";
import { type VpsKind, vpsBase } from "../../kit/vps-base.ts";

/** Where a copy of the repository lies in it: what is written there stays there. */
export const CLONE = "/srv/openclaw";
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";

/** Layers in memory over the base ($1) and the repository ($2); $3 is where that lies inside. */
const LAYERS = [
  "mount -t tmpfs -o mode=0755,size=60% chroot /mnt",
  'layer() { mkdir -p "/mnt/$1-upper" "/mnt/$1-work" "$3"; mount -t overlay -o "lowerdir=$2,upperdir=/mnt/$1-upper,workdir=/mnt/$1-work" chroot "$3"; }',
  'layer base "$1" /mnt/root',
  'layer clone "$2" "/mnt/root$3"',
  "mount -t proc proc /mnt/root/proc",
  "mount --rbind /dev /mnt/root/dev",
  "cp -L /etc/resolv.conf /mnt/root/etc/resolv.conf",
  "touch /mnt/ready",
  "exec sleep infinity",
].join("\n");

/**
 * A Debian without systemd, in which a clone of this repository lies with what was installed and built in it.
 * Its processes and what they write end with it, and it ends with the test's process.
 */
export class Chroot {
  private constructor(
    private readonly holder: ChildProcess,
    private readonly first: number,
  ) {}

  static async open(kind: VpsKind, clone: string): Promise<Chroot> {
    await expectOwnNetwork();
    const base = await vpsBase(kind);
    const spaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const words = ["sh", "-ec", LAYERS, "sh", base, clone.replace(/\/$/, ""), CLONE];
    const holder = spawn("setpriv", ["--pdeathsig", "KILL", ...spaces, ...words]);
    let said = "";
    holder.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const first = await until(
      async () => {
        if (holder.exitCode !== null) throw new Error(`the chroot ended: ${said}`);
        const pid = await onlyChild(holder.pid ?? 0);
        const enter = pid && spawn("test", ["-e", `/proc/${pid}/root/mnt/ready`]);
        if (!pid || !enter) return undefined;
        return (await outcomeOf(enter, "")).code === 0 ? pid : undefined;
      },
      () => `the chroot: ${said}`,
    );
    return new Chroot(holder, first);
  }

  /** Where a path of it is for the host. */
  path(inside: string): string {
    return join(`/proc/${this.first}/root/mnt/root`, inside);
  }

  /** Runs a program in it as root, with the environment of a fresh login and no terminal. */
  exec(command: readonly string[], { env = {}, input = "" }: ExecOptions = {}): Promise<Result> {
    const enter = [
      "-t",
      String(this.first),
      "--mount",
      "--pid",
      "chroot",
      "/mnt/root",
      "env",
      "-i",
    ];
    const all = Object.entries({ PATH, HOME: "/root", LANG: "C.UTF-8", ...env });
    const variables = all.map(([name, value]) => `${name}=${value}`);
    return outcomeOf(spawn("nsenter", [...enter, ...variables, ...command]), input);
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.holder.once("close", resolve));
    if (this.holder.exitCode !== null || this.holder.signalCode !== null) return;
    this.holder.kill("SIGKILL");
    await ended;
  }
}
