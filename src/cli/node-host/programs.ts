import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import { SEARCH_PATH } from "./process.ts";

/** The file that a program's name stands for here; `undefined` where there is none. */
export function findProgram(name: string): string | undefined {
  if (name === "" || name.includes("/") || name.includes("\0")) return undefined;
  return SEARCH_PATH.split(":")
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
