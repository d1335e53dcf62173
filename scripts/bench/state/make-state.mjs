// State folders of any size, made by the store itself.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import argon2 from "argon2";
import { build } from "esbuild";
import { TOKEN } from "../gateway.mjs";
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
  // As the gateway hashes: what it costs to check is in what starts cost.
  const hash = await argon2.hash(TOKEN, { memoryCost: 38 * 1024, timeCost: 2, parallelism: 1 });
  const args = [fill, folder, String(devices), String(requests), hash];
  const { code } = await timed({ args });
  if (code !== 0) throw new Broken(`filling ${folder} ended with code ${code}`);
}
