import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ownBlock } from "../../../../src/cli/commands/ssh/authorized-keys.ts";
import {
  fileStep,
  runForward,
  runSteps,
  type Step,
} from "../../../../src/cli/commands/ssh/steps.ts";
import { CliError } from "../../../../src/cli/kit/exit.ts";
import { openclaw } from "../../../../src/protocol/command.ts";
import { say } from "../../../../src/protocol/text.ts";

let done: string[];
let said: string[];
const tell = (line: string) => void said.push(line);
let folder: string;
beforeEach(() => {
  done = [];
  said = [];
  folder = mkdtempSync(join(tmpdir(), "ssh-steps-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const step = (words: string, more: Partial<Step> = {}): Step => ({
  words,
  run: () => void done.push(words),
  undo: () => void done.push(`undo ${words}`),
  ...more,
});
const fails = () => {
  throw new Error("no space");
};

describe("setting up", () => {
  test("is undone from the last step to the first when one fails, that one included", async () => {
    const steps = [step("a"), step("b"), step("c", { run: fails }), step("d")];
    await expect(runSteps(steps, tell)).rejects.toThrow("no space");
    expect(done).toEqual(["a", "b", "undo c", "undo b", "undo a"]);
    expect(said.at(-1)).toBe("It failed; what was done is undone.");
  });

  test("says what could not be undone, and undoes the rest", async () => {
    const steps = [step("a"), step("b", { undo: fails }), step("c", { run: fails })];
    await expect(runSteps(steps, tell)).rejects.toThrow("no space");
    expect(done).toEqual(["a", "b", "undo c", "undo a"]);
    expect(said.at(-1)).toBe("  could not be undone: b: Error: no space");
  });

  test("writes a file with its mode, and gives back what was there", async () => {
    const path = join(folder, "file");
    const make = (text: string, mode: number) => fileStep(path, { text, mode });
    await runSteps(make("one\n", 0o755), tell);
    expect(readFileSync(path, "utf8")).toBe("one\n");
    expect(statSync(path).mode & 0o7777).toBe(0o755);
    expect(make("one\n", 0o755)).toEqual([]);
    expect(make("one\n", 0o644)).toHaveLength(1);
    const broken = [...make("two\n", 0o755), step("x", { run: fails })];
    await expect(runSteps(broken, tell)).rejects.toThrow("no space");
    expect(readFileSync(path, "utf8")).toBe("one\n");
  });
});

test("taking away goes on past what fails, and says that something is left", async () => {
  const steps = [step("a"), step("b", { run: fails }), step("c")];
  await expect(runForward(steps, tell)).rejects.toMatchObject({
    message: expect.stringContaining("not everything"),
    next: say`mend what is said above, then: ${openclaw`ssh disable`}`,
  });
  expect(done).toEqual(["a", "c"]);
  expect(said).toContain("  not done: b: no space");
  await runForward([step("d")], tell);
});

test("taking away ends at the step that would end the last remaining admin", async () => {
  const refuse = () => {
    throw new CliError("failed", "refused", { code: "LAST_WAY_IN" });
  };
  const steps = [step("a", { run: refuse }), step("b")];
  await expect(runForward(steps, tell)).rejects.toMatchObject({ code: "LAST_WAY_IN" });
  expect([done, said]).toEqual([[], []]);
});

describe("the authorized_keys that a command line may write", () => {
  test("is its own user's, for a gateway of that user's, whatever HOME says", () => {
    const state = join(folder, "state");
    mkdirSync(state);
    expect(ownBlock({ OPENCLAW_STATE_DIR: state, HOME: "/elsewhere" })).toEqual({
      file: join(userInfo().homedir, ".ssh/authorized_keys"),
      script: join(state, "ssh/answer.sh"),
    });
  });

  test("is none, for a gateway of somebody else's", () => {
    const state = join(folder, "state");
    mkdirSync(state);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(state, 65_534, 65_534);
    // Whoever is not root has somebody else's folder in the root of the file system.
    expect(ownBlock({ OPENCLAW_STATE_DIR: isRoot ? state : "/" })).toBeUndefined();
  });
});
