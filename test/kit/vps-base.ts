import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const SYSTEM = ["systemd", "systemd-sysv", "dbus", "ca-certificates", "procps", "iproute2"];
const RENTED = [...SYSTEM, "curl", "openssh-server"];
const DOCKER = ["docker.io", "docker-cli", "docker-compose", "docker-buildx", "iptables"];
/**
 * Which Debian: `node` has Node.js for a gateway put there by hand, `rented` what one rents, `engine`
 * Docker's engine and proxies to put before it, and `bare` is what images start from.
 */
const KINDS = {
  node: { SUITE: "trixie", PACKAGES: [...SYSTEM.slice(0, 3), "nodejs", ...SYSTEM.slice(3)] },
  rented: { SUITE: "trixie", PACKAGES: RENTED },
  engine: {
    SUITE: "trixie",
    PACKAGES: [...DOCKER, "ca-certificates", "procps", "iproute2", "caddy"],
  },
  bare: { SUITE: "trixie", PACKAGES: [] },
  "rented-12": { SUITE: "bookworm", PACKAGES: RENTED },
};
export type VpsKind = keyof typeof KINDS;
/** Changed when the recipe below makes something else of the same packages. */
const RECIPE = 1;

/** A first build loads about 150 MB; other test files may wait for it. */
export const BASE_MS = 15 * 60_000;
/** For hangs alone: what takes a minute or two took ten where many programs wanted two processors. */
export const STEP_MS = 20 * 60_000;

/** Why no VPS can be booted here; `undefined` where one can. */
export function whyNoVps(): string | undefined {
  if (process.platform !== "linux") return "a VPS can only be booted on Linux";
  if (process.getuid?.() !== 0) return "a VPS can only be booted by root";
  const tools = [
    ...["debootstrap", "systemd-nspawn", "nsenter", "unshare", "setpriv", "flock"],
    ...["ip", "slirp4netns"],
  ];
  const path = `${process.env["PATH"]}:/usr/sbin:/sbin`.split(":");
  const missing = tools.filter((tool) => !path.some((folder) => existsSync(join(folder, tool))));
  if (missing.length > 0) return `a VPS needs ${missing.join(", ")}`;
  if (!existsSync("/dev/net/tun")) return "a VPS needs /dev/net/tun";
  const spaces = ["--mount", "--net", "--pid", "--fork", "--mount-proc"];
  const probe = spawnSync("unshare", [...spaces, "true"]);
  return probe.status === 0 ? undefined : `no namespaces can be made here: ${probe.stderr}`.trim();
}

/**
 * The folder of a bare Debian with systemd, built with debootstrap on the first call and
 * kept outside the repository. Nobody writes to it: machines lay a file system of their own over it.
 */
export async function vpsBase(kind: VpsKind = "node"): Promise<string> {
  const { SUITE: suite, PACKAGES: packages } = KINDS[kind];
  const recipe = JSON.stringify({ ...KINDS[kind], RECIPE });
  const key = createHash("sha256").update(recipe).digest("hex").slice(0, 12);
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const folder = join(cache, "openclaw-gateway-test");
  const base = join(folder, `${suite}-${key}`);
  if (existsSync(base)) return base;
  await mkdir(folder, { recursive: true });
  console.log(`Building a Debian base (${suite}) of the VPS tests (once, about a minute) …`);
  const making = `${base}.making`;
  // The kernel gives the lock back whatever happens to its holder, who then left a torn folder.
  const script = [
    'test ! -d "$1" || exit 0',
    'rm -rf "$2"',
    'test -z "$3" || set -- "$1" "$2" "--include=$3" "$4"',
    'debootstrap --variant=minbase $3 "$4" "$2"',
    // A new machine makes its own id; who has the host's would share its journal's name.
    ': >"$2/etc/machine-id"',
    'rm -f "$2/etc/resolv.conf"',
    'rm -rf "$2"/var/cache/apt/archives/*.deb "$2"/var/lib/apt/lists/*',
    'mv "$2" "$1"',
  ].join("\n");
  const args = ["-ec", script, "sh", base, making, packages.join(","), suite];
  try {
    await promisify(execFile)("flock", ["--close", `${base}.lock`, "sh", ...args], {
      env: { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin`, LC_ALL: "C.UTF-8", ...proxies() },
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const end = `${stdout}${stderr}`.trim().split("\n").slice(-15).join("\n");
    throw new Error(`debootstrap could not build the base in ${folder}:\n${end}`, { cause: error });
  }
  return base;
}

/** A machine without a direct way out names its proxy in these. */
function proxies(): NodeJS.ProcessEnv {
  const names = ["http_proxy", "https_proxy", "no_proxy"].flatMap((n) => [n, n.toUpperCase()]);
  const named = names.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}
