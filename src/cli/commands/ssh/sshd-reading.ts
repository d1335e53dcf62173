import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";

export interface ConfigLine {
  readonly file: string;
  readonly line: string;
}

/** A `Match` that begins before the drop-in is read. */
export interface MatchBlock extends ConfigLine {
  /** What its criteria go by: nothing (`all`), users and groups alone, or a connection's way (an address, a port). */
  readonly by: "all" | "user" | "way";
  /** What it sets: `permitrootlogin`. */
  readonly settings: string[];
}

/** What sshd reads, and where the drop-in stands in it. */
export interface Reading {
  /** What `keep` named sshd's own file. */
  readonly file: string;
  /** Whether sshd reads the drop-in at all. */
  readonly placed: boolean;
  /** Every `Match` that sshd reads before it, in that order. */
  readonly before: readonly MatchBlock[];
  /** Those of them that are still open where the drop-in is included: without a fit it does not count. */
  readonly within: readonly MatchBlock[];
}

export interface SshdFiles {
  /** sshd's own file. What is included by a relative name stands in its folder. */
  readonly main: string;
  readonly dropIn: string;
  /** What the drop-in is to say; it need not be there yet. */
  readonly text: string;
}

/** Takes the text of one file of the configuration, its includes named anew; returns its own name. */
type Keep = (text: string) => string;

/**
 * Goes through sshd's configuration as sshd does, with the drop-in where it is read: in the order of the
 * names, file by file, and a `Match` of an included file ends with that file. `keep` is given every file
 * once it is through, those that it includes before it.
 * @throws Error of the file system where a file can't be read
 */
export function readAsSshd(places: SshdFiles, keep: Keep): Reading {
  const walk = new Walk(places, keep);
  const file = walk.file(places.main, [], 0);
  return { file, placed: walk.placed, before: walk.before, within: walk.within };
}

/** As many as sshd follows. */
const MOST_DEEP = 16;

class Walk {
  placed = false;
  readonly before: MatchBlock[] = [];
  within: readonly MatchBlock[] = [];

  constructor(
    private readonly places: SshdFiles,
    private readonly keep: Keep,
  ) {}

  /** `outer`: the blocks that are open where the file is included. Returns the name that `keep` gave it. */
  file(path: string, outer: readonly MatchBlock[], depth: number): string {
    const { dropIn, text } = this.places;
    if (path === dropIn) {
      this.placed = true;
      this.within = outer;
      return this.keep(text);
    }
    let open: MatchBlock | undefined;
    const lines = readFileSync(path, "utf8")
      .split("\n")
      .map((line) => {
        const [keyword, value] = words(line);
        if (keyword === "include" && depth < MOST_DEEP) {
          return this.#include(value, open ? [...outer, open] : outer, depth);
        }
        if (keyword === "match") {
          const by = outer.some((block) => block.by === "way") ? "way" : fitsWhom(value);
          open = { file: path, line: line.trim(), by, settings: [] };
          if (!this.placed) this.before.push(open);
        } else if (keyword !== "") (open ?? outer.at(-1))?.settings.push(keyword);
        return line;
      });
    return this.keep(lines.join("\n"));
  }

  #include(value: string, outer: readonly MatchBlock[], depth: number): string {
    const names = tokens(value)
      .flatMap((pattern) => this.#files(pattern))
      .map((path) => this.file(path, outer, depth + 1));
    return names.length > 0 ? `Include ${names.map((name) => `"${name}"`).join(" ")}` : "";
  }

  #files(pattern: string): string[] {
    const { main, dropIn } = this.places;
    const whole = isAbsolute(pattern) ? pattern : join(dirname(main), pattern);
    const found = new Set(matching(whole));
    if (fits(whole, dropIn)) found.add(dropIn);
    return [...found].sort();
  }
}

function fitsWhom(criteria: string): MatchBlock["by"] {
  if (/^all\s*$/i.test(criteria)) return "all";
  return /^(?:(?:User|Group)[\s=]+\S+\s*)+$/i.test(`${criteria} `) ? "user" : "way";
}

/** A line's keyword in small letters, and the rest of it without a comment. Empty where it has none. */
function words(line: string): [keyword: string, value: string] {
  const [, keyword = "", value = ""] =
    /^\s*([A-Za-z]\w*)[\s=]*((?:"[^"]*"|[^#"])*)/.exec(line) ?? [];
  return [keyword.toLowerCase(), value.trim()];
}

function tokens(value: string): string[] {
  return [...value.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

/** The files that a pattern of sshd's `Include` names (glob(7)). */
function matching(pattern: string): string[] {
  const [, ...segments] = pattern.split("/");
  let paths = [""];
  for (const segment of segments) {
    paths = paths.flatMap((path) => {
      if (!/[*?[]/.test(segment)) return [`${path}/${segment}`];
      return namesIn(path).flatMap((name) => (fits(segment, name) ? [`${path}/${name}`] : []));
    });
  }
  return paths.filter((path) => existsSync(path));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder === "" ? "/" : folder);
  } catch {
    return [];
  }
}

/** Whether a path is one that a pattern of glob(7) names: no `*` and no `?` fits a slash or a leading dot. */
function fits(pattern: string, path: string): boolean {
  const source = pattern.replace(/\[[^\]/]+\]|[\s\S]/g, (part, at: number) => {
    const visible = at === 0 || pattern[at - 1] === "/" ? "(?!\\.)" : "";
    if (part === "*") return `${visible}[^/]*`;
    if (part === "?") return `${visible}[^/]`;
    if (part.length === 1) return part.replace(/[\\^$.+()|[\]{}]/, "\\$&");
    return `[${part.slice(1, -1).replace(/\\/g, "\\\\").replace(/^!/, "^")}]`;
  });
  return new RegExp(`^${source}$`).test(path);
}
