/**
 * Builds the browser page: static files the gateway serves at `/`.
 *
 * Importable (`buildDashboard(outdir)`) and runnable: `node scripts/build-dashboard.mjs [outdir]`.
 */
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src/dashboard");

/** What every browser loads, and must stay small. */
export const FIRST_LOAD = ["index.html", "app.js", "style.css"];
/**
 * ed25519.js is for browsers without the key in WebCrypto, help.js for those that are refused;
 * names.js, the words for keys and rights, comes behind the first page.
 */
export const CHUNKS = ["ed25519.js", "help.js", "names.js"];
const TARGET = "es2022";

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
 * Our own property names, shortened in the output. None of them is on the wire, in storage, in
 * the DOM, or in a command, which comes as data; other fields of the wire are read as
 * `fields["name"]`, which stays.
 */
const OWN =
  /^(on|action|command|text|title|thisDevice|isSelf|about|again|asker|dialNow|host|release|button|connect|frame|info|message|name|save|watch|approved|attempt|calls|cause|challenge|dials|expiresAt|fingerprint|gateway|grant|held|invite|label|live|notice|patience|peers|post|quietMs|request|restartMs|retryAt|session|skew|spend|ssh|trouble|view)$/;

/**
 * What app.js and help.js hand each other, under names that every build gives them: a page that
 * was open during an update loads the new help into the old app.
 */
const SHARED = { action: "_a", command: "_c", label: "_l", message: "_m", text: "_x", title: "_t" };

/**
 * Writes `<outdir>/dashboard/{index.html,app.js,style.css,ed25519.js,help.js,names.js}`.
 * @param {string} outdir
 * @param {Set<string>} [inputs] receives the source files that went in
 * @returns {Promise<Record<string, number>>} bytes by file name
 */
export async function buildDashboard(outdir, inputs = new Set()) {
  const target = join(outdir, "dashboard");
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await mkdir(target, { recursive: true });
  const common = {
    outdir: target,
    bundle: true,
    format: "esm",
    minify: true,
    charset: "utf8",
    target: TARGET,
    metafile: true,
  };
  const app = await build({
    ...common,
    entryPoints: [join(source, "app.ts")],
    mangleProps: OWN,
    mangleCache: { ...SHARED },
    plugins: [chunksStayOutside],
    define: { __VERSION__: JSON.stringify(version) },
  });
  const help = await build({
    ...common,
    entryPoints: [join(source, "help.ts")],
    mangleProps: OWN,
    mangleCache: { ...SHARED },
  });
  const others = ["ed25519.ts", "names.ts"].map((name) => join(source, name));
  const more = await build({ ...common, entryPoints: others });
  for (const { metafile } of [app, help, more]) {
    for (const input of Object.keys(metafile.inputs)) inputs.add(input);
  }
  const css = await readFile(join(source, "style.css"), "utf8");
  const style = await transform(css, {
    loader: "css",
    minify: true,
    charset: "utf8",
    target: TARGET,
  });
  await writeFile(join(target, "style.css"), shortVariables(style.code));
  const html = await readFile(join(source, "index.html"), "utf8");
  // The end tag of the whole is optional.
  const short = html.replace(/>\s+</g, "><").replace(/<\/html>\s*$/, "");
  await writeFile(join(target, "index.html"), short);
  return sizes(target);
}

/** Custom properties under one letter each; esbuild leaves the space before their values. */
function shortVariables(css) {
  const names = [...new Set(css.match(/--[a-z]+/g))];
  return css
    .replace(/--[a-z]+/g, (name) => `--${"abcdefghijklm"[names.indexOf(name)]}`)
    .replaceAll(": ", ":");
}

async function sizes(folder) {
  const names = [...FIRST_LOAD, ...CHUNKS];
  const bytes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return Object.fromEntries(names.map((name, i) => [name, bytes[i]]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(await buildDashboard(process.argv[2] ?? join(root, "dist")));
}
