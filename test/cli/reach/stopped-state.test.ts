import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CliError } from "../../../src/cli/kit/exit.ts";
import { openStopped } from "../../../src/cli/reach/stopped.ts";
import { plainText } from "../../../src/protocol/text.ts";
import { FakeIo } from "../support/io.ts";

/** What the disk answers whoever asks for the state, in place of the real one. */
const disk = vi.hoisted(() => ({ refuses: undefined as string | undefined }));
vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  const statSync = (...args: Parameters<typeof real.statSync>) => {
    if (disk.refuses === undefined) return real.statSync(...args);
    throw Object.assign(new Error("no"), { code: disk.refuses });
  };
  return { ...real, statSync };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stopped-state-"));
});
afterEach(() => {
  disk.refuses = undefined;
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** How a command on the state of a gateway that does not run ends, where that state is at `path`. */
async function opened(path: string): Promise<CliError> {
  const io = new FakeIo({ HOME: folder, OPENCLAW_STATE_DIR: path });
  const error = await openStopped({ io, options: {} }, { stopped: "existing" }).catch(
    (thrown: unknown) => thrown,
  );
  if (error instanceof CliError) return error;
  throw new Error(`it was opened: ${String(error)}`);
}

function broken(kind: "circle" | "file" | "below a file"): string {
  const path = join(folder, "state");
  if (kind === "circle") symlinkSync("state", path);
  else writeFileSync(path, "");
  return kind === "below a file" ? join(path, "gateway") : path;
}

test.each([
  ["circle", "its links lead in a circle"],
  ["file", "a part of its path is no folder"],
  ["below a file", "a part of its path is no folder"],
] as const)("a state that is a %s is told as that, and root would not help", async (kind, why) => {
  const path = broken(kind);
  const { exit, message, asRoot, next } = await opened(path);
  expect([exit, message, asRoot]).toEqual([
    "state",
    `the state in ${path} can't be read: ${why}`,
    false,
  ]);
  expect(plainText(next ?? "")).toContain(`namei -l ${path}`);
});

test.each(["EIO", "ESTALE", "ENAMETOOLONG"])("nor where the disk says %s", async (code) => {
  disk.refuses = code;
  const { exit, asRoot, next } = await opened(folder);
  expect([exit, asRoot]).toEqual(["state", false]);
  expect(plainText(next ?? "")).toContain(`namei -l ${folder}`);
});

test.each(["EACCES", "EPERM"])("where the disk says %s it is root who may", async (code) => {
  disk.refuses = code;
  vi.spyOn(process, "getuid").mockReturnValue(1000);
  expect(await opened(folder)).toMatchObject({ exit: "state", asRoot: true });
  // Root itself, as on a file system of another machine's, has nobody above it.
  vi.mocked(process.getuid as () => number).mockReturnValue(0);
  const { asRoot, next } = await opened(folder);
  expect(asRoot).toBe(false);
  expect(plainText(next ?? "")).toContain(`namei -l ${folder}`);
});

test("a folder that is not there, or empty, is no state", async () => {
  mkdirSync(join(folder, "empty"));
  for (const name of ["empty", "missing"]) {
    const path = join(folder, name);
    expect((await opened(path)).message).toContain(`${path} holds no state of one`);
  }
});
