import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { removeGroup, removeStale } from "./control-groups.ts";
import type { MemoryGroup } from "./memory-group.ts";
import { outcomeOf, type Result } from "./outcome.ts";
import { until } from "./until.ts";
import { type VpsKind, vpsBase } from "./vps-base.ts";

export interface ExecOptions {
  /** Root where nobody is named. */
  readonly user?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";

/**
 * Lays a file system of the machine's own, in memory, over the base ($1) and boots from it; 133 is
 * how systemd-nspawn says that the machine wants to be booted again.
 */
const BOOT = [
  "base=$1; shift",
  "mount -t tmpfs -o mode=0755,size=60% vps /mnt",
  "mkdir /mnt/upper /mnt/work /mnt/root",
  'mount -t overlay -o "lowerdir=$base,upperdir=/mnt/upper,workdir=/mnt/work" vps /mnt/root',
  'while :; do code=0; "$@" || code=$?; [ $code -eq 133 ] || exit $code; done',
].join("\n");

/**
 * A Debian machine with its own systemd, booted from the base in about a second; its network is that
 * of the test's process, who has one of its own. What it writes is in memory only. Its processes and
 * mounts live in namespaces that end with its first process, and that one ends with the test's
 * process, so nothing can be left.
 */
export class Vps {
  private constructor(
    private readonly machine: ChildProcess,
    /** Process id of the machine's init, as the host sees it. */
    private init: number,
    private readonly groups: readonly string[],
    private readonly limit: MemoryGroup | undefined,
  ) {}

  /** Boots a machine and waits until its systemd has started everything. */
  static async boot(kind?: VpsKind, limit?: MemoryGroup): Promise<Vps> {
    await expectOwnNetwork();
    const base = await vpsBase(kind);
    const groups = await ownControlGroups();
    const args = [
      ...["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"],
      ...["--mount-proc", "sh", "-ec", BOOT, "sh", base],
      ...["systemd-nspawn", "--directory", "/mnt/root", "--boot"],
      ...["--register=no", "--keep-unit", "--console=pipe", "--hostname=vps"],
      ...[`--machine=vps-${process.pid}-${machines}`, "--resolv-conf=replace-host"],
    ];
    // It joins its control groups before it becomes the machine: two machines must not share any.
    const joined = [...groups, ...(limit ? [limit.path] : [])];
    const join = joined.map((group) => `echo $$ >'${group}/cgroup.procs'; `).join("");
    const machine = spawn("sh", ["-c", `${join}exec setpriv "$@"`, "sh", ...args], {
      // The base is only read: several machines may use it at once.
      env: { ...process.env, SYSTEMD_NSPAWN_LOCK: "0", SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [machine.stdout, machine.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-4096);
      });
    }
    try {
      const init = await until(
        async () => {
          if (machine.exitCode !== null) throw new Error(`the machine ended: ${said}`);
          return initOf(machine.pid ?? 0);
        },
        () => `the machine's init: ${said}`,
      );
      const vps = new Vps(machine, init, groups, limit);
      await vps.#up();
      return vps;
    } catch (error) {
      await end(machine, groups);
      throw error;
    }
  }

  async #up(): Promise<void> {
    await until(async () => {
      const { stdout } = await this.exec(["systemctl", "is-system-running", "--wait"]);
      return /^(running|degraded)$/m.test(stdout);
    }, "the machine to be up");
  }

  /** Boots the machine again, with what it has on its disk; resolves when everything is started. */
  async reboot(): Promise<void> {
    const before = this.init;
    await this.exec(["systemctl", "reboot"]);
    this.init = await until(async () => {
      if (this.machine.exitCode !== null) throw new Error("the machine ended");
      const now = await initOf(this.machine.pid ?? 0);
      return now === before ? undefined : now;
    }, "the machine's init");
    await this.#up();
  }

  /** Where a path of the machine is for the host. */
  path(inside: string): string {
    return join(`/proc/${this.init}/root`, inside);
  }

  /** Runs a program in the machine, with the environment of a fresh login and no terminal. */
  exec(command: readonly string[], options: ExecOptions = {}): Promise<Result> {
    const { user, input = "" } = options;
    const home = user === undefined ? "/root" : `/home/${user}`;
    const env = Object.entries({ PATH, HOME: home, LANG: "C.UTF-8", ...options.env });
    const become = user === undefined ? [] : ["runuser", "-u", user, "--"];
    // What is typed in the machine counts as the machine's memory.
    const enter = this.limit ? `echo $$ >'${this.limit.path}/cgroup.procs'; ` : "";
    const child = spawn(
      "sh",
      [
        ...["-c", `${enter}exec nsenter "$@"`, "sh", "-t", String(this.init), "--all", "env", "-i"],
        ...env.map(([name, value]) => `${name}=${value}`),
        ...become,
        ...command,
        // A group of its own: `kill -9 0` in the machine would end the tests themselves.
      ],
      { detached: true },
    );
    return outcomeOf(child, input);
  }

  /** Runs a program that must succeed; resolves with what it printed. */
  async ok(command: readonly string[], options: ExecOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(command, options);
    if (code === 0) return stdout;
    throw new Error(`${command.join(" ")}: exit code ${code}\n${stdout}${stderr}`);
  }

  /** One property of a systemd unit. */
  async property(unit: string, name: string): Promise<string> {
    return (await this.ok(["systemctl", "show", "--value", `--property=${name}`, unit])).trim();
  }

  /** Megabytes of memory that the machine's programs have by themselves, shared parts divided. */
  async memoryMb(): Promise<number> {
    const space = await readlink(`/proc/${this.init}/ns/pid`);
    const sizes = (await readdir("/proc")).filter(Number).map(async (pid) => {
      const its = await readlink(`/proc/${pid}/ns/pid`).catch(() => "");
      if (its !== space) return 0;
      const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
      return Number(/^Pss: +(\d+)/m.exec(text)?.[1] ?? 0);
    });
    return (await Promise.all(sizes)).reduce((sum, kb) => sum + kb, 0) / 1024;
  }

  /** Everything a unit logged since boot. */
  journal(unit: string): Promise<string> {
    return this.ok(["journalctl", "--unit", unit, "--output=cat", "--no-pager"]);
  }

  /** Switches the machine off and waits until nothing of it is left. */
  close(): Promise<void> {
    return end(this.machine, this.groups);
  }
}

/** A machine wants the usual ports for itself: no program outside it may have or see them. */
export async function expectOwnNetwork(): Promise<void> {
  const [own, starter] = await Promise.all(
    ["self", process.ppid].map((pid) => readlink(`/proc/${pid}/ns/net`)),
  );
  if (own !== starter) return;
  throw new Error("a machine needs a network of its own: its tests are below test/vps");
}

/** Below `unshare` are the script, systemd-nspawn, helpers of that, and at last the machine's init. */
async function initOf(machine: number): Promise<number | undefined> {
  const script = await onlyChild(machine);
  const nspawn = script && (await onlyChild(script));
  const init = nspawn && (await onlyChild(nspawn));
  const name = await readFile(`/proc/${init}/comm`, "utf8").catch(() => "");
  return name.trim() === "systemd" ? init : undefined;
}

/** The process that `pid` started, where it started one. */
export async function onlyChild(pid: number): Promise<number | undefined> {
  const path = `/proc/${pid}/task/${pid}/children`;
  const [child] = (await readFile(path, "utf8").catch(() => "")).trim().split(" ");
  return child ? Number(child) : undefined;
}

async function end(machine: ChildProcess, groups: readonly string[]): Promise<void> {
  const ended = new Promise((resolve) => machine.once("close", resolve));
  if (machine.exitCode === null && machine.signalCode === null) {
    machine.kill("SIGKILL");
    await ended;
  }
  for (const group of groups) {
    await until(() => removeGroup(group), `the machine's processes to be gone from ${group}`);
  }
}

const GROUP = "openclaw-vps-test-";
let machines = 0;

/**
 * A control group of the machine's own in the hierarchies that systemd-nspawn uses: cgroup2 and,
 * where there is one, systemd's own of version 1.
 */
async function ownControlGroups(): Promise<string[]> {
  machines += 1;
  const name = `${GROUP}${process.pid}-${machines}`;
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  const own = (await readFile("/proc/self/cgroup", "utf8")).split("\n");
  const groups: string[] = [];
  for (const line of mounts) {
    const [before = "", after = ""] = line.split(" - ");
    const unified = after.startsWith("cgroup2 ");
    if (!unified && !/^cgroup .*\bname=systemd\b/.test(after)) continue;
    const row = own.find((r) => (unified ? r.startsWith("0::") : r.includes(":name=systemd:")));
    const folder = join(before.split(" ")[4] ?? "", row?.split(":")[2] ?? "/");
    await removeStale(folder, GROUP);
    const group = join(folder, name);
    await mkdir(group);
    groups.push(group);
  }
  return groups;
}
