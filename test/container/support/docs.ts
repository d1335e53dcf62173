import { readFile } from "node:fs/promises";

/** The code of the `nth` block below a heading of docs/docker.md, counted from 1. */
export async function block(heading: string, nth = 1): Promise<string> {
  const page = await readFile(new URL("../../../docs/docker.md", import.meta.url), "utf8");
  const section = page.split(/\n#+ /).find((text) => text.startsWith(`${heading}\n`)) ?? "";
  const code = [...section.matchAll(/```\w*\n([\s\S]*?)```/g)][nth - 1]?.[1];
  if (code === undefined) throw new Error(`docs/docker.md has no block ${nth} below ${heading}`);
  return code;
}
