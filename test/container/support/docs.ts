import { readFile } from "node:fs/promises";

/** The text of docs/docker.md. */
export const page = () => readFile(new URL("../../../docs/docker.md", import.meta.url), "utf8");

/** The code of the `nth` block below a heading of docs/docker.md, counted from 1. */
export async function block(heading: string, nth = 1): Promise<string> {
  const text = await page();
  const section = text.split(/\n#+ /).find((one) => one.startsWith(`${heading}\n`)) ?? "";
  const code = [...section.matchAll(/```\w*\n([\s\S]*?)```/g)][nth - 1]?.[1];
  if (code === undefined) throw new Error(`docs/docker.md has no block ${nth} below ${heading}`);
  return code;
}
