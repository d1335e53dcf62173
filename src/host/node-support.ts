/** Day after which the Node.js project makes no more security fixes for a major version. */
const lastFixes: Readonly<Record<number, string>> = {
  20: "2026-04-30",
  21: "2024-06-01",
  22: "2027-04-30",
  23: "2025-06-01",
  24: "2028-04-30",
  25: "2026-06-01",
  26: "2029-04-30",
};

const DAY_MS = 24 * 60 * 60 * 1000;
/** The first C library that the WebSocket server's binaries for newer Node.js versions run with. */
const NEWER_GLIBC = [2, 38] as const;
/** The first major version of Node.js whose binary was linked against that one (decision 1). */
const NEWER_NODE = 22;

/** The day its security fixes ended, if they have. Versions from the future are taken as fixed. */
export function fixesEnded(node: string, nowMs: number): string | undefined {
  const last = lastFixes[Number(node.split(".")[0])];
  return last !== undefined && nowMs >= Date.parse(last) + DAY_MS ? last : undefined;
}

/** Whether this gateway runs on it at all: 20.19 or newer. */
export function isSupported(node: string): boolean {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}

/** Whether the C library suits the gateway on newer Node.js versions. */
export function suitsNewerNode(glibc: string | undefined): boolean {
  if (glibc === undefined) return true;
  const [major = 0, minor = 0] = glibc.split(".").map(Number);
  return major > NEWER_GLIBC[0] || (major === NEWER_GLIBC[0] && minor >= NEWER_GLIBC[1]);
}

/** Whether the WebSocket server's binary for this Node.js can be loaded with this C library. */
export function loadsServer(node: string, glibc: string | undefined): boolean {
  return Number(node.split(".")[0]) < NEWER_NODE || suitsNewerNode(glibc);
}

/** Version of the GNU C library that this process runs with; `undefined` with another one. */
export function ownGlibc(): string | undefined {
  if (process.platform !== "linux" || !process.report) return undefined;
  // Node tells it in its diagnostic report, which without this looks up the names of all open connections.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime;
}
