import { execFile } from "node:child_process";
import { chmod, cp, mkdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { builtProgram } from "./build.ts";
import type { Frame } from "./client.ts";
import type { Result } from "./outcome.ts";
import { type ExecOptions, Vps } from "./vps.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const UNIT = "openclaw-gateway.service";
export const STATE = "/var/lib/openclaw-gateway";
export const CONFIG = "/etc/openclaw-gateway/openclaw.json";
const RELEASE = "/opt/openclaw-gateway/releases/test";
/** A VPS with the built gateway, its unit and its user, as an installer leaves it; not started. */
export class VpsGateway {
  private constructor(
    readonly vps: Vps,
    readonly port: number,
  ) {}

  /** The machine shares the host's network, so its gateway needs a port of its own. */
  static async install(port: number): Promise<VpsGateway> {
    const program = await builtProgram();
    const vps = await Vps.boot();
    try {
      const gateway = new VpsGateway(vps, port);
      await gateway.#install(dirname(program));
      return gateway;
    } catch (error) {
      await vps.close();
      throw error;
    }
  }

  async #install(dist: string): Promise<void> {
    const { vps } = this;
    await mkdir(vps.path(RELEASE), { recursive: true });
    await symlink(RELEASE, vps.path("/opt/openclaw-gateway/current"));
    await cp(dist, vps.path(`${RELEASE}/dist`), { recursive: true });
    for (const name of await nativePackages()) await copyPackage(name, vps);
    await mkdir(vps.path(`${RELEASE}/bin`));
    await symlink("/usr/bin/node", vps.path(`${RELEASE}/bin/node`));
    await cp(join(root, "deploy/openclaw"), vps.path("/usr/local/bin/openclaw"));
    await chmod(vps.path("/usr/local/bin/openclaw"), 0o755);
    await writeFile(vps.path(`/etc/systemd/system/${UNIT}`), await renderedUnit(vps));
    await vps.ok(["systemd-sysusers", "-"], { input: await template("sysusers.conf") });
    await vps.ok(["systemd-tmpfiles", "--create", "-"], { input: await template("tmpfiles.conf") });
    await vps.ok(["useradd", "--create-home", "ann"]);
    await vps.ok(["systemctl", "daemon-reload"]);
    await this.ok(["config", "set", "gateway.port", String(this.port)]);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Runs `openclaw …` in the machine, as root where nobody is named. */
  cli(args: readonly string[], options: ExecOptions = {}): Promise<Result> {
    return this.vps.exec(["openclaw", ...args], options);
  }

  ok(args: readonly string[], options: ExecOptions = {}): Promise<string> {
    return this.vps.ok(["openclaw", ...args], options);
  }

  async json(args: readonly string[]): Promise<Frame> {
    return JSON.parse(await this.ok([...args, "--json"]));
  }

  systemctl(...args: string[]): Promise<Result> {
    return this.vps.exec(["systemctl", ...args, UNIT]);
  }

  property(name: string): Promise<string> {
    return this.vps.property(UNIT, name);
  }

  /** Process id of the gateway as its own machine counts. */
  async mainPid(): Promise<number> {
    return Number(await this.property("MainPID"));
  }

  /** Starts the unit if it does not run; resolves when systemd calls it active. */
  async start(): Promise<void> {
    await this.vps.ok(["systemctl", "start", UNIT]);
  }

  /** Whether the gateway says to the outside that it accepts connects. */
  async accepts(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`).catch(() => undefined);
    return answer?.status === 200;
  }

  close(): Promise<void> {
    return this.vps.close();
  }
}

function template(kind: string): Promise<string> {
  return readFile(join(root, `systemd/openclaw-gateway.${kind}`), "utf8");
}

/** The unit for the systemd that the machine has. */
async function renderedUnit(vps: Vps): Promise<string> {
  const [, version = ""] = /^systemd (\d+)/.exec(await vps.ok(["systemctl", "--version"])) ?? [];
  const args = [join(root, "systemd/render-unit.sh"), version, join(root, "systemd", UNIT)];
  return (await promisify(execFile)("sh", args)).stdout;
}

/** What the bundle leaves outside: packages with native parts, and what those need. */
async function nativePackages(): Promise<Set<string>> {
  const all = new Set<string>();
  const queue = ["uWebSockets.js", "argon2"];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (all.has(name)) continue;
    all.add(name);
    const text = await readFile(join(root, "node_modules", name, "package.json"), "utf8");
    queue.push(...Object.keys(JSON.parse(text).dependencies ?? {}));
  }
  return all;
}

/** Copies a package without the binaries for other platforms and versions of Node: 250 MB. */
async function copyPackage(name: string, vps: Vps): Promise<void> {
  const mine = `uws_linux_${process.arch}_115.node`;
  const from = await realpath(join(root, "node_modules", name));
  await cp(from, vps.path(`${RELEASE}/node_modules/${name}`), {
    recursive: true,
    filter: (path) => !basename(path).startsWith("uws_") || basename(path) === mine,
  });
}
