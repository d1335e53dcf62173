import { mkdir, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemWorld, type World } from "../../src/lib/world.ts";
import { acquireWriterLock } from "../../src/store/lock.ts";
import { bundle, type Program, scratch, start } from "./support/bundle.ts";

let base = "";
let program = "";
let folder = "";
let count = 0;

beforeAll(async () => {
  base = await scratch();
  program = await bundle(new URL("support/lock-program.ts", import.meta.url), base);
});
afterAll(() => rm(base, { recursive: true }));
beforeEach(async () => {
  count += 1;
  folder = join(base, `state-${count}`);
  await mkdir(folder, { mode: 0o700 });
});

const holder = { pid: process.pid, version: "1.2.3", startedAt: 1_795_000_000_000 };

const ANSWER_MS = 500;

function acquire(answerMs = ANSWER_MS) {
  return acquireWriterLock(folder, { describe: holder, answerMs });
}

/** What kill -9 leaves: a name that points to a socket nobody listens on. */
async function leaveDead(index: number): Promise<void> {
  const name = `writer-${index.toString(16).padStart(16, "0")}.sock`;
  const server = createServer();
  await new Promise<void>((done) => server.listen(join(folder, "x"), done));
  await rename(join(folder, "x"), join(folder, name));
  await new Promise((done) => server.close(done));
  await symlink(name, join(folder, "writer.sock"));
}

describe("one process", () => {
  test("takes, refuses a second by name, and gives back without a trace", async () => {
    const lock = await acquire();
    const refusal = await acquire().catch((error) => error);
    expect(refusal).toMatchObject({ name: "StoreError", code: "STORE_LOCKED" });
    expect(refusal.message).toContain(`process ${process.pid}, version 1.2.3, since 2026-11-`);
    await lock.release();
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
    await (await acquire()).release();
  });

  test("takes a dead lock over and tidies up", async () => {
    await leaveDead(1);
    const lock = await acquire();
    expect((await readdir(folder)).sort()).toHaveLength(2);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test("follows a chain of heirs that died as well", async () => {
    await leaveDead(1);
    await symlink("writer-0000000000000002.sock", join(folder, "writer-0000000000000001.heir"));
    await symlink("writer-0000000000000003.sock", join(folder, "writer-0000000000000002.heir"));
    const lock = await acquire();
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test("among twenty at once exactly one wins", async () => {
    for (let round = 0; round < 10; round += 1) {
      await leaveDead(round);
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => acquire()));
      const won = outcomes.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      expect(won).toHaveLength(1);
      await won[0]?.release();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  test("works in a folder whose path is longer than a socket's may be", async () => {
    folder = join(folder, "x".repeat(120));
    await mkdir(folder, { mode: 0o700 });
    const lock = await acquire();
    await expect(acquire()).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test("refuses what is not a lock instead of removing it", async () => {
    await writeFile(join(folder, "writer.sock"), "mine");
    await expect(acquire()).rejects.toMatchObject({
      code: "STORE_LOCKED",
      message: expect.stringContaining("not a lock of ours"),
    });
    expect(await readdir(folder)).toEqual(["writer.sock"]);
  });

  test("makes a folder that is missing, for its owner alone", async () => {
    folder = join(folder, "missing");
    const lock = await acquire();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, "writer.sock"))).mode & 0o777).toBe(0o600);
    await lock.release();
  });
});

describe("several processes", () => {
  const running: Program[] = [];
  const launch = (name: string) => {
    const child = start(program, [folder, name]);
    running.push(child);
    return child;
  };
  afterAll(() => Promise.all(running.map((child) => child.kill())));

  async function take(child: Program, round: number): Promise<string> {
    child.say(`take ${round}`);
    return child.line((line) => line.startsWith(`${round} `));
  }

  test("the holder is named, and after kill -9 its lock is free at once", async () => {
    const child = launch("9.9.9");
    expect(await take(child, 1)).toBe("1 held");
    await expect(acquire()).rejects.toMatchObject({
      message: expect.stringContaining(`process ${child.process.pid}, version 9.9.9`),
    });
    await child.kill();
    const waits: number[] = [];
    const after: World["after"] = (ms, run) => {
      waits.push(ms);
      return systemWorld.after(ms, run);
    };
    const world = { ...systemWorld, after };
    const lock = await acquireWriterLock(folder, { describe: holder, answerMs: ANSWER_MS, world });
    // The dead holder was asked once, and there was no other wait.
    expect(waits).toEqual([ANSWER_MS]);
    await lock.release();
  });

  test("a holder that is stopped counts as alive", async () => {
    const child = launch("stopped");
    await take(child, 1);
    child.process.kill("SIGSTOP");
    await expect(acquire(150)).rejects.toMatchObject({
      message: expect.stringContaining("does not answer"),
    });
    await child.kill();
    await (await acquire()).release();
  });

  test("of two that race for a dead lock exactly one wins, a hundred times", async () => {
    const pair = [launch("a"), launch("b")];
    for (let round = 0; round < 100; round += 1) {
      await leaveDead(round);
      const answers = await Promise.all(pair.map((child) => take(child, round)));
      const winner = pair[answers.findIndex((answer) => answer.endsWith(" held"))];
      expect(answers.filter((answer) => answer.endsWith(" held"))).toHaveLength(1);
      const loser = answers.find((answer) => !answer.endsWith(" held"));
      expect(loser).toContain(`STORE_LOCKED ${folder} is in use: held by process`);
      expect(loser).toContain(`process ${winner?.process.pid},`);
      winner?.say(`drop d${round}`);
      await winner?.line((line) => line === `d${round} dropped`);
      expect(await readdir(folder)).toEqual([]);
    }
  });

  test("contenders that are killed half-way never leave two holders, or none for good", async () => {
    for (let round = 0; round < 15; round += 1) {
      const three = ["a", "b", "c"].map(launch);
      for (const child of three) child.say("take 1");
      await new Promise((done) => setTimeout(done, 30 + Math.random() * 60));
      await Promise.all(three.slice(0, 2).map((child) => child.kill()));
      const last = await three[2]?.line((line) => line.startsWith("1 "));
      const lock = await acquire().catch((error) => error.code as string);
      expect(lock === "STORE_LOCKED").toBe(last === "1 held");
      if (typeof lock === "object") await lock.release();
      await three[2]?.kill();
    }
    await (await acquire()).release();
  });
});
