import { execFile } from "node:child_process";
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const START: Readonly<Record<string, string>> = {
  ".gitignore": "node_modules\n",
  "README.md": "# A project\n",
  "biome.json": await readFile(join(root, "biome.json"), "utf8"),
  "tsconfig.json": await readFile(join(root, "tsconfig.json"), "utf8"),
  "src/one.ts": 'export const one: string = "one";\n',
  "src/two.ts": 'import { one } from "./one.ts";\n\nexport const two = one + one;\n',
};
/** Well formed, and wrong. */
const BAD_TYPE = 'export const bad: number = "no";\n';
const BAD_FORMAT = "export const  bad = 1\n";
const BAD_SHELL = "#!/usr/bin/env bash\necho $1\n";

interface Outcome {
  readonly code: number;
  readonly said: string;
}

let folder: string;
let repo: string;

/** No setting of the person who runs this, and none of a hook that this runs in. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  return {
    ...Object.fromEntries(own),
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "A",
    GIT_AUTHOR_EMAIL: "a@example.com",
    GIT_COMMITTER_NAME: "A",
    GIT_COMMITTER_EMAIL: "a@example.com",
    TMPDIR: join(folder, "tmp"),
  };
}

function run(program: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env: environment() }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr });
    });
  });
}

const git = (args: readonly string[], cwd = repo) => run("git", args, cwd);

async function write(files: Readonly<Record<string, string>>, cwd = repo): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, name)), { recursive: true });
    await writeFile(join(cwd, name), text);
  }
}

async function stage(files: Readonly<Record<string, string>>, cwd = repo): Promise<void> {
  await write(files, cwd);
  await git(["add", "--", ...Object.keys(files)], cwd);
}

const commit = (cwd = repo, ...more: string[]) => git(["commit", "-m", "A change", ...more], cwd);

/** All that a commit which is refused must leave as it was. */
async function state(): Promise<string[]> {
  const asked = [
    ["ls-files", "--stage"],
    ["status", "--porcelain"],
    ["diff"],
    ["rev-parse", "HEAD"],
  ];
  const said: string[] = [];
  for (const args of asked) said.push((await git(args)).said);
  return said;
}

/** A repository with the hook switched on, and a first commit. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pre-commit-test-"));
  repo = join(folder, "a project");
  await mkdir(join(folder, "tmp"));
  await mkdir(join(repo, ".githooks"), { recursive: true });
  await git(["init", "--quiet", "--initial-branch", "main"]);
  await git(["config", "core.hooksPath", ".githooks"]);
  await copyFile(join(root, ".githooks/pre-commit"), join(repo, ".githooks/pre-commit"));
  await chmod(join(repo, ".githooks/pre-commit"), 0o755);
  await symlink(join(root, "node_modules"), join(repo, "node_modules"));
  await write(START);
  await git(["add", "--all"]);
  await commit(repo, "--no-verify");
});
afterEach(async () => {
  expect(await readdir(join(folder, "tmp"))).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});

describe("what is staged is", () => {
  test.each([
    ["linted and its format checked", { "src/bad.ts": BAD_FORMAT }, "src/bad.ts format"],
    ["checked for types", { "src/bad.ts": BAD_TYPE }, "src/bad.ts(1,14): error TS2322"],
    ["looked at in scripts", { "scripts/run.sh": BAD_SHELL }, "SC2086"],
    ["looked at in scripts without an ending", { run: BAD_SHELL }, "SC2086"],
    ["found under any name", { "src/- a b\tü.ts": BAD_FORMAT }, "format"],
    ["found in a script of any name", { "- a b.sh": BAD_SHELL }, "SC2086"],
  ])("%s", async (_what, files, expected) => {
    await stage(files);
    const before = await state();
    const { code, said } = await commit();
    expect([code, said]).toEqual([1, expect.stringContaining(expected)]);
    expect(said).toContain("pre-commit: refused");
    expect(await state()).toEqual(before);
  });

  test("committed where nothing is wrong, under any name", async () => {
    await stage({
      "src/- a b\tü.ts": "export const a = 1;\n",
      "- a b.sh": '#!/usr/bin/env bash\necho "$1"\n',
      run: '#!/bin/sh\necho "$1"\n',
      "data/with no ending": "echo $1\n",
    });
    expect(await commit()).toMatchObject({ code: 0 });
  });
});

describe("the working tree is not", () => {
  test("what is judged: it may be broken", async () => {
    await stage({ "src/one.ts": 'export const one: string = "1";\n' });
    await write({ "src/one.ts": BAD_FORMAT, "src/two.ts": BAD_TYPE, "src/new.ts": BAD_TYPE });
    expect(await commit()).toMatchObject({ code: 0 });
  });

  test("what is judged: it may be mended already", async () => {
    await stage({ "src/one.ts": BAD_FORMAT });
    await write({ "src/one.ts": START["src/one.ts"] ?? "" });
    expect(await commit()).toMatchObject({ code: 1 });
  });

  test("nor is what else is staged, in a commit of some files alone", async () => {
    await stage({ "src/bad.ts": BAD_TYPE });
    await write({ "src/one.ts": 'export const one: string = "1";\n' });
    expect(await commit(repo, "--", "src/one.ts")).toMatchObject({ code: 0 });
    expect((await git(["diff", "--cached", "--name-only"])).said).toBe("src/bad.ts\n");
  });
});

describe("a file that", () => {
  test("went is missed where it is imported", async () => {
    await git(["rm", "--quiet", "src/one.ts"]);
    const { code, said } = await commit();
    expect([code, said]).toEqual([1, expect.stringContaining("src/two.ts(1,21): error TS2307")]);
  });

  test("went with all that imports it is not", async () => {
    await git(["rm", "--quiet", "-r", "src/one.ts", "src/two.ts"]);
    await stage({ "src/three.ts": "export const three = 3;\n" });
    expect(await commit()).toMatchObject({ code: 0 });
  });

  test("was renamed is missed under its old name", async () => {
    await git(["mv", "src/one.ts", "src/uno.ts"]);
    expect(await commit()).toMatchObject({ code: 1 });
    await stage({ "src/two.ts": (START["src/two.ts"] ?? "").replace("./one.ts", "./uno.ts") });
    expect(await commit()).toMatchObject({ code: 0 });
  });
});

test("a first commit is looked at as any other", async () => {
  await git(["update-ref", "-d", "HEAD"]);
  expect(await commit()).toMatchObject({ code: 0 });
  await git(["update-ref", "-d", "HEAD"]);
  await stage({ "src/bad.ts": BAD_TYPE });
  expect(await commit()).toMatchObject({ code: 1 });
});

test("by itself it changes no byte of the index, though files were touched since", async () => {
  await stage({ "src/new.ts": "export const a = 1;\n" });
  await write({ "src/one.ts": START["src/one.ts"] ?? "", "src/two.ts": BAD_TYPE });
  const before = await readFile(join(repo, ".git/index"), "base64");
  const ran = await run(join(repo, ".githooks/pre-commit"), [], repo);
  expect(ran).toMatchObject({ code: 0 });
  expect(await readFile(join(repo, ".git/index"), "base64")).toBe(before);
});

test("without source files it does nothing, and needs nothing", async () => {
  await rm(join(repo, "node_modules"));
  await stage({ "README.md": "# Another name\n", "docs/a.md": "A page\n" });
  await write({ "src/one.ts": BAD_TYPE });
  expect(await commit()).toMatchObject({ code: 0, said: expect.not.stringContaining("Checked") });
});

test("without packages it says which command brings them", async () => {
  await rm(join(repo, "node_modules"));
  await stage({ "src/new.ts": "export const a = 1;\n" });
  const { code, said } = await commit();
  expect([code, said]).toEqual([1, expect.stringContaining("run: npm ci")]);
});

test("in a worktree it judges what is staged there", async () => {
  const other = join(folder, "another tree");
  await git(["worktree", "add", "--quiet", "-b", "other", other]);
  await symlink(join(root, "node_modules"), join(other, "node_modules"));
  await stage({ "src/bad.ts": BAD_TYPE });
  await stage({ "src/new.ts": "export const a = 1;\n" }, other);
  expect(await commit(other)).toMatchObject({ code: 0 });
  await stage({ "src/new.ts": BAD_TYPE }, other);
  expect(await commit(other)).toMatchObject({ code: 1 });
});
