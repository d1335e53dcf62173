import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { type HttpAnswer, secured } from "./answers.ts";
import { contentType } from "./content-types.ts";

/** A file of the page: what it holds and how it is labelled. */
export interface StaticFile {
  readonly type: string;
  readonly body: Uint8Array;
}

/** The gateway's own page, in memory: files by path, such as `/app.js`; `/index.html` is the page. */
export type PageFiles = ReadonlyMap<string, StaticFile>;

const KINDS = [".html", ".js", ".css", ".svg", ".png"];

/** Reads the page's files from `folder` into memory; only kinds a page is made of are served. */
export async function loadPage(folder: string): Promise<PageFiles> {
  const files = new Map<string, StaticFile>();
  for (const name of await readdir(folder)) {
    if (!KINDS.includes(extname(name))) continue;
    files.set(`/${name}`, { type: contentType(name), body: await readFile(join(folder, name)) });
  }
  return files;
}

/** The page names its files relative to itself, so they answer at every depth that it does. */
export function answerPage(page: PageFiles, path: string): HttpAnswer | undefined {
  const last = path.slice(path.lastIndexOf("/") + 1);
  const file = page.get(`/${last.includes(".") ? last : "index.html"}`);
  if (!file) return undefined;
  const headers = [
    ["content-type", file.type],
    ["cache-control", "no-cache"],
  ] as const;
  return { status: "200 OK", headers: secured(headers), body: file.body };
}
