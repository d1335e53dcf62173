/**
 * Builds the browser page: static files the gateway serves at `/`.
 *
 * Importable (`buildDashboard(outdir)`) and runnable: `node scripts/build-dashboard.mjs [outdir]`.
 */
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src/dashboard");

/** What every browser loads, and must stay small. */
export const FIRST_LOAD = ["index.html", "app.js", "style.css"];

/**
 * `ed25519` is for browsers without the key in WebCrypto, `help` for those that are refused;
 * `names`, the words for keys and rights, comes behind the first page.
 */
const entries = ["app.ts", "ed25519.ts", "help.ts", "names.ts", "style.css"];

/** A dynamic import stays one, of the built file beside app.js. */
const chunksStayOutside = {
  name: "chunks-stay-outside",
  setup(bundler) {
    bundler.onResolve({ filter: /\.ts$/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path: path.replace(/ts$/, "js"), external: true } : undefined,
    );
  },
};

/**
 * Writes `<outdir>/dashboard/{index.html,app.js,style.css,ed25519.js,help.js,names.js}`.
 * @param {string} outdir
 * @param {Set<string>} [inputs] receives the source files that went in
 */
export async function buildDashboard(outdir, inputs = new Set()) {
  const target = join(outdir, "dashboard");
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const { metafile } = await build({
    entryPoints: entries.map((name) => join(source, name)),
    outdir: target,
    bundle: true,
    format: "esm",
    minify: true,
    charset: "utf8",
    target: "es2022",
    plugins: [chunksStayOutside],
    define: { __VERSION__: JSON.stringify(version) },
    absWorkingDir: root,
    metafile: true,
  });
  for (const input of Object.keys(metafile.inputs)) inputs.add(input);
  await copyFile(join(source, "index.html"), join(target, "index.html"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildDashboard(process.argv[2] ?? join(root, "dist"));
}
