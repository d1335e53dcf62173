import { extname } from "node:path";
import { mimes } from "mrmime";

/** What the package does not know, or knows by a type that browsers save instead of showing it. */
const others: Readonly<Record<string, string>> = { ico: "image/x-icon", md: "text/plain" };

/** The kind of file by its name; bytes that nothing guesses at for other names. */
export function contentType(name: string): string {
  const ending = extname(name).slice(1).toLowerCase();
  // Looked up here: the package's own function takes a whole name for an ending.
  const table = [others, mimes].find((types) => Object.hasOwn(types, ending));
  const type = table?.[ending] ?? "application/octet-stream";
  return /^text\/|[/+]json$/.test(type) ? `${type}; charset=utf-8` : type;
}
