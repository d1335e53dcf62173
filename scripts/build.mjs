// Builds dist/: the program (bundled, split so that each command loads only what it needs) and the page.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { buildDashboard } from "./build-dashboard.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Native modules find their binaries beside themselves, so they stay outside the bundle. */
const external = ["uWebSockets.js", "argon2"];

const shared = {
  platform: "node",
  format: "esm",
  target: "node20",
  bundle: true,
  // jsonc-parser's "main" is a UMD build that cannot be bundled.
  mainFields: ["module", "main"],
  logLevel: "warning",
};

/**
 * Evaluates src/protocol/wire-schemas.ts at build time and ships its exports as JSON: loading the
 * schema package at run time would cost 140 ms and 22 MB.
 */
const wireSchemasAsJson = {
  name: "wire-schemas-as-json",
  setup(builder) {
    builder.onLoad({ filter: /src\/protocol\/wire-schemas\.ts$/ }, async ({ path }) => {
      const folder = await mkdtemp(join(tmpdir(), "wire-schemas-"));
      try {
        const outfile = join(folder, "schemas.mjs");
        await build({ ...shared, entryPoints: [path], outfile });
        const exports = await import(pathToFileURL(outfile).href);
        const contents = Object.entries(exports)
          .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
          .join("\n");
        return { contents, loader: "js" };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  },
};

export async function buildProgram(outdir = join(root, "dist")) {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await rm(outdir, { recursive: true, force: true });
  await build({
    ...shared,
    entryPoints: { index: join(root, "src/index.ts") },
    outdir,
    splitting: true,
    chunkNames: "[name]-[hash]",
    external,
    plugins: [wireSchemasAsJson],
    define: { __VERSION__: JSON.stringify(version) },
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: false,
    // CommonJS packages inside the bundle ask for node's own modules with `require`.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  const sizes = await buildDashboard(outdir);
  await writeFile(join(outdir, "package.json"), '{ "type": "module" }\n');
  return sizes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildProgram();
