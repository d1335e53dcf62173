// install.sh with its address and key filled in.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../install.sh", import.meta.url));

/** The script for people to run. `values` are written as they are into single quotes. */
export async function stageZero(values) {
  let text = await readFile(source, "utf8");
  for (const [name, value] of Object.entries(values)) {
    if (/['\n\\]/.test(value))
      throw new Error(`${name} has characters that don't belong there: ${value}`);
    const line = `${name}=''`;
    if (text.split(`\n${line}`).length !== 2)
      throw new Error(`scripts/install.sh has no line ${line}`);
    text = text.replace(`\n${line}`, () => `\n${name}='${value}'`);
  }
  return text;
}
