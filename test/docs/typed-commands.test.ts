import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { build, type CommanderError } from "../../src/cli/kit/declare.ts";
import { commandLine } from "../../src/cli/program.ts";
import { resolveKey, specOf } from "../../src/config/schema.ts";
import { Refused, readText } from "../../src/config/values.ts";

/** What pages tell people to type is parsed by the program itself, whose commands do nothing here. */

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (page: string) => readFileSync(join(root, page), "utf8");

/** Pages on which `openclaw` is another program, or that are printed from the declarations. */
const NOT_OURS = new Set(["compatibility.md", "cli.md", "methods.md"]);

const pages = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md"],
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && !NOT_OURS.has(name))
    .map((name) => join("docs", name)),
];

/** The fenced blocks of a page that a shell reads. */
function shellBlocks(text: string): string[] {
  return [...text.matchAll(/^ *```(?:sh|bash|console)\n([\s\S]*?)^ *```/gm)].map(
    ([, block = ""]) => block,
  );
}

/** Code within a sentence that begins as a command line of ours does, and is more than the name of one. */
function inSentences(text: string): string[] {
  const plain = text.replace(/^ *```[\s\S]*?^ *```/gm, "").replaceAll(/`openclaw config set`/g, "");
  return [...plain.matchAll(/`((?:sudo )?openclaw(?: [^`]*)?)`/g)].map(([, line = ""]) => line);
}

/** The words of each call of `openclaw` in lines of a shell. Where a `<word>` is to be filled in it stands for one. */
function callsIn(lines: string): string[][] {
  const whole = lines.replaceAll(/\\\n */g, " ").replaceAll(/<[^>\n]*>|…/g, FILLED);
  return whole.split("\n").flatMap((line) => {
    const parts: string[][] = [[]];
    for (const word of wordsOf(line)) {
      if (/^(?:\|\|?|&&?|;)$/.test(word)) parts.push([]);
      else parts.at(-1)?.push(word);
    }
    return parts.flatMap((words) => {
      const at = words.indexOf("openclaw");
      const before = words.slice(0, Math.max(at, 0));
      const runs = before.every((word) =>
        /^(?:\$|sudo|env|ssh|\w+=.*|[\w.@-]+@[\w.-]+)$/.test(word),
      );
      return at >= 0 && runs ? [words.slice(at + 1)] : [];
    });
  });
}

/** Stands for what a reader fills in. */
const FILLED = "word";

/** The words of one line, quotes taken off, up to a comment or a redirection. */
function wordsOf(line: string): string[] {
  const words = line.replaceAll("$(", " ; ").match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? [];
  const end = words.findIndex((word) => /^(?:#|\d*>)/.test(word));
  return (end === -1 ? words : words.slice(0, end)).map((word) =>
    word.replace(/^(['"])(.*)\1$/, "$2").replace(/(?<=.)[);]+$/, ""),
  );
}

/** What the program says of these words: its commands are built, and do nothing but note that. */
async function said(words: readonly string[]): Promise<string> {
  let understood = false;
  const program = build(commandLine, {
    built: ({ command, declaration }) => {
      command.helpOption("-h, --help").exitOverride();
      command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
      if (declaration.under) command.helpCommand("help [command]");
      if (declaration.run) {
        command.action(() => {
          understood = true;
        });
      }
    },
  });
  try {
    await program.parseAsync([...words], { from: "user" });
  } catch (error) {
    const { code, message } = error as CommanderError;
    // A noun alone prints its help.
    const isShown = /^commander\.(?:help|helpDisplayed|version)$/.test(code);
    return isShown ? UNDERSTOOD : message;
  }
  return understood ? UNDERSTOOD : "no such command";
}

const UNDERSTOOD = "understood";

/** Words that are typed to OpenClaw's own program, where a page says so. */
const THEIRS = /^node run --pair /;

/** Why a `config set` of a page is none; `undefined` where it is one. */
function settingProblem([noun, verb, key = "", value = ""]: readonly string[]) {
  if (noun !== "config" || verb !== "set" || !key.includes(".")) return undefined;
  const path = resolveKey(key);
  if (path === undefined) return `${key} is no key`;
  const isFilledIn = value === "-" || value === FILLED || /^[A-Z]+$/.test(value);
  const isWrong = !isFilledIn && readText(specOf(path).type, value) instanceof Refused;
  return isWrong ? `${key} does not take ${value}` : undefined;
}

async function problems(calls: readonly (readonly string[])[]): Promise<string[]> {
  const found: string[] = [];
  for (const words of calls) {
    if (words.length === 0 || THEIRS.test(words.join(" "))) continue;
    const answer = await said(words);
    const problem = answer === UNDERSTOOD ? settingProblem(words) : answer;
    if (problem !== undefined) found.push(`${words.join(" ")}: ${problem}`);
  }
  return found;
}

describe.each(pages)("%s", (page) => {
  const text = read(page);
  test("names commands of ours that are understood", async () => {
    const calls = [...shellBlocks(text), ...inSentences(text)].flatMap((lines) => callsIn(lines));
    expect(await problems(calls)).toEqual([]);
  });

  test("has lines for a shell that one reads, and scripts that there are", () => {
    const { scripts } = JSON.parse(read("package.json"));
    for (const block of shellBlocks(text)) {
      execFileSync("bash", ["-n"], { input: block.replaceAll(/<[^>\n]*>/g, "word") });
      for (const [, name = ""] of block.matchAll(/\bnpm run ([\w:-]+)/g)) {
        expect(Object.keys(scripts)).toContain(name);
      }
    }
  });
});

test.each([
  ["docs/troubleshooting.md", 16],
  ["docs/pairing.md", 10],
  ["docs/ssh.md", 10],
  ["docs/nodes.md", 5],
  ["README.md", 5],
])("of the commands on %s none is passed over", (page, atLeast) => {
  const text = read(page);
  const calls = [...shellBlocks(text), ...inSentences(text)].flatMap((lines) => callsIn(lines));
  expect(calls.length).toBeGreaterThanOrEqual(atLeast);
});

test.each([
  ["openclaw devices aprove 7F3K-Q2MN", /unknown|no such/],
  ["sudo openclaw devices list --nothing", /unknown option/],
  ["echo x | openclaw config set gateway.prot 1 && true", /is no key/],
  ["A=b openclaw config set gateway.port many # why", /does not take/],
  ["x=$(openclaw nothing at all)", /unknown|no such/],
])("a slip in %s is found", async (line, problem) => {
  expect((await problems(callsIn(line))).join()).toMatch(problem);
});
