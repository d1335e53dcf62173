import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./sources.ts";

/** Folders whose files are written by people. */
const FOLDERS = ["src", "test", "scripts", "deploy", "nginx", "systemd", ".ci", ".githooks"];

/** A line from a star, `//` or `#` on; not the `//` of an address, nor a `#` in the middle of a word. */
const BLOCK_COMMENTS = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm;
const LINE_COMMENTS = /(?<=^|\s)# .*$/gm;

/** Every file of the project's own folders, relative to its root. */
export function ownFiles(): string[] {
  const all = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) =>
      join(folder, name),
    ),
  );
  return all.filter((name) => statSync(join(root, name)).isFile());
}

/** The comments of a file, as one text. */
export function commentsOf(name: string, text: string): string {
  const comment = /\.(m?ts|mjs|js|css)$/.test(name) ? BLOCK_COMMENTS : LINE_COMMENTS;
  return [...text.matchAll(comment)].map(([found]) => found.replace(/\n\s*\*/g, "\n")).join("\n");
}

/** Pages as comments name them: by their path from the root, perhaps with a heading. */
const PAGE = /(?<![\w./-])((?:[\w-]+\/)*[\w-]+\.md)(?:#([\w-]+))?/g;

/** A page that is cited without its path, so that no reader finds it. */
const PATHLESS = /\b(?:protocol|design)(?:'s)?\s(?:page|document|rule)\b|\(design[,)]/i;

/** What is wrong with the pages that a text names. */
export function pageProblems(text: string): string[] {
  const missing = [...text.matchAll(PAGE)].flatMap(([all, page = "", anchor]) => {
    return isThere(page, anchor) ? [] : [`${all} is not there`];
  });
  return [...missing, ...pathlessPages(text)];
}

/** Pages that a text cites without a path, each as a problem. */
export function pathlessPages(text: string): string[] {
  const [found] = PATHLESS.exec(text.replace(/\s+/g, " ")) ?? [];
  return found === undefined ? [] : [`"${found}" names no page by its path`];
}

/** Whether the repository has this file, and the heading in it. */
function isThere(path: string, anchor: string | undefined): boolean {
  const file = join(root, path);
  if (!existsSync(file)) return false;
  return anchor === undefined || anchorsOf(readFileSync(file, "utf8")).has(anchor);
}

const withoutCode = (page: string) => page.replace(/^```[\s\S]*?^```$/gm, "");

/** The anchors that a page gets from its headings, as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutCode(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-");
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Files of the project as pages name them in code. */
const NAMED =
  /`((?:src|test|scripts|docs|deploy|nginx|systemd)\/[\w./-]+\.(?:ts|mjs|sh|md|json))`/g;

/** What a page names that is not there: what it links to, headings too, and files of the project. */
export function missingOn(page: string, text: string): string[] {
  const prose = withoutCode(text);
  const links = [...prose.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
  const broken = links.flatMap(([, to = "", anchor]) => {
    if (to === "") return anchor && anchorsOf(text).has(anchor) ? [] : [`${page}#${anchor}`];
    const path = join(dirname(page), to);
    const heading = path.endsWith(".md") ? anchor : undefined;
    return isThere(path, heading) ? [] : [heading === undefined ? path : `${path}#${heading}`];
  });
  const files = [...prose.matchAll(NAMED)].map(([, file = ""]) => file);
  return [...broken, ...files.filter((file) => !existsSync(join(root, file)))];
}
