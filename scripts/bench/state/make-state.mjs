// State folders of any size, made by the store itself.
import { existsSync } from "node:fs";
import { join } from "node:path";
import argon2 from "argon2";
import { build } from "esbuild";
import { TOKEN } from "../gateway.mjs";
import { Broken, timed } from "../processes.mjs";

/**
 * Bundles the program that fills folders; returns where it is. What is stored, and how, is each tree's
 * own affair, so it comes from the tree that the build is made of.
 * @param {string} folder @param {string} sources
 */
export async function buildFill(folder, sources) {
  const entry = join(sources, "scripts/bench/state/fill.ts");
  if (!existsSync(entry)) {
    throw new Broken(`the rows of large states can't be measured here: there is no ${entry}`);
  }
  const outfile = join(folder, "fill.mjs");
  await build({
    entryPoints: [entry],
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
