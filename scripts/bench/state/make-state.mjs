// State folders of any size, made by the store itself.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Broken, timed } from "../processes.mjs";

/** Bundles the program that fills folders; returns where it is. @param {string} folder */
export async function buildFill(folder) {
  const outfile = join(folder, "fill.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("fill.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    logLevel: "warning",
  });
  return outfile;
}

/** @param {string} fill @param {{ folder: string, devices: number, requests: number }} what */
export async function makeState(fill, { folder, devices, requests }) {
  const args = [fill, folder, String(devices), String(requests)];
  const { code } = await timed({ args });
  if (code !== 0) throw new Broken(`filling ${folder} ended with code ${code}`);
}
