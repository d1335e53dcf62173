import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSaid } from "../../../src/cli/node-host/said.ts";
import { FakeIo, openclaw } from "../support/io.ts";

const LINK = "https://gw.example.com/#invite=abc";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "said-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const read = (io: FakeIo, word?: string, file?: string, url?: string) =>
  readSaid({ io, options: url === undefined ? {} : { url } }, word, file);

test("- is the first line of standard input, or what a person types unseen", async () => {
  const piped = Object.assign(new FakeIo(), { input: ` ${LINK} ` });
  expect(await read(piped, "-")).toBe(LINK);
  expect(piped.questions).toEqual([]);
  const typing = Object.assign(new FakeIo(), { readsPerson: true });
  typing.answers.push(LINK);
  expect(await read(typing, "-")).toBe(LINK);
  expect(typing.questions).toEqual(["Link, setup code or address: "]);
});

test("--link-file is the first line of a file", async () => {
  const file = join(folder, "link");
  await writeFile(file, `\n${LINK}\r\nmore\n`);
  expect(await read(new FakeIo(), undefined, file)).toBe(LINK);
  await writeFile(file, "\n");
  await expect(read(new FakeIo(), undefined, file)).rejects.toThrow("has no link in it");
  await expect(read(new FakeIo(), undefined, folder)).rejects.toThrow("can't be read");
  await expect(read(new FakeIo(), LINK, file)).rejects.toThrow("no other goes with it");
});

test("a word is taken as it is; --url stands in for one", async () => {
  expect(await read(new FakeIo(), LINK)).toBe(LINK);
  expect(await read(new FakeIo(), undefined, undefined, "wss://gw")).toBe("wss://gw");
});

test.each(["connect", "connect -"])("%s without anything says what it takes", async (typed) => {
  const io = new FakeIo({ HOME: "/nonexistent" });
  expect(await openclaw(typed, io)).toBe(2);
  expect(io.errorText).toContain("say where: a link or setup code");
});
