// Builds dist/: the program (bundled, split so that each command loads only what it needs) and the page.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { buildDashboard } from "./build-dashboard.mjs";
import { checkPins, nativeModules } from "./pin-native.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Native modules find their binaries beside themselves, so they stay outside the bundle. */
const external = ["uWebSockets.js", "argon2"];

/** What `openclaw gateway run` loads. */
const GATEWAY = "src/main/run.ts";

/**
 * Where the gateway is cut into files: what one of these needs is apart from what needs it. To read a
 * file of 1 MB, V8 takes 7 MB at once, of which the process keeps some or all for good; cut into four
 * it is 2 MB.
 */
const CUTS = ["src/main/core.ts", "src/main/method-list.ts"];

const shared = {
  platform: "node",
  format: "esm",
  target: "node20",
  bundle: true,
  // jsonc-parser's "main" is a UMD build that cannot be bundled.
  mainFields: ["module", "main"],
  // Templates that the program fills in: deploy/ssh.
  loader: { ".sh": "text", ".conf": "text" },
  logLevel: "warning",
  // What its metafile names is relative to the repository, wherever the build is started.
  absWorkingDir: root,
  metafile: true,
};

/**
 * Evaluates src/protocol/wire-schemas.ts at build time and ships its exports as JSON: loading the
 * schema package at run time would cost 140 ms and 22 MB. All builds that this is given to share one
 * evaluation.
 */
function wireSchemasAsJson(inputs) {
  let contents;
  return {
    name: "wire-schemas-as-json",
    setup(builder) {
      builder.onLoad({ filter: /src\/protocol\/wire-schemas\.ts$/ }, async ({ path }) => {
        contents ??= evaluated(path, inputs);
        return { contents: await contents, loader: "js" };
      });
    },
  };
}

/** The exports of a source file, evaluated, as source text. */
async function evaluated(path, inputs) {
  const folder = await mkdtemp(join(tmpdir(), "evaluated-"));
  try {
    const outfile = join(folder, "source.mjs");
    const { metafile } = await build({ ...shared, entryPoints: [path], outfile });
    for (const input of Object.keys(metafile.inputs)) inputs.add(input);
    const exports = await import(pathToFileURL(outfile).href);
    return (
      Object.entries(exports)
        // Read as JSON it takes half the memory that it takes as source text.
        .map(([name, value]) => {
          const json = JSON.stringify(JSON.stringify(value));
          return `export const ${name} = /* @__PURE__ */ JSON.parse(${json});`;
        })
        .join("\n")
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The package string-width takes 20 ms to load, and most runs measure no text that needs it: here it
 * is loaded when it is first called. (With an import() whatever measures a text would have to wait.)
 */
const widthsWhenCalled = {
  name: "widths-when-called",
  setup(builder) {
    builder.onResolve({ filter: /^string-width$/ }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "when-called" } : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: "when-called" }, ({ path }) => ({
      contents: `export default (text) => require("${path}").default(text);`,
      resolveDir: root,
    }));
  },
};

/** Files of an earlier build stay this long: a gateway that runs from them may still load one. */
const KEEP_MS = 60 * 60 * 1000;

/**
 * Resolves with every source file that went into the program or the page (of packages too), relative
 * to the repository.
 */
export async function buildProgram(outdir = join(root, "dist")) {
  const inputs = new Set();
  // What is pinned is what gets loaded here: others are checked by the release that ships them.
  const here = new RegExp(`[_-]${process.arch}(_${process.versions.modules}\\.|/)`);
  const native = (await nativeModules()).filter((name) => name.includes(process.platform));
  await checkPins(native.filter((name) => here.test(name)));
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await mkdir(outdir, { recursive: true });
  const staging = await mkdtemp(join(outdir, ".build-"));
  try {
    await bundle(staging, version, inputs);
    await buildDashboard(staging, inputs);
    await writeFile(join(staging, "package.json"), '{ "type": "module" }\n');
    await publish(staging, outdir);
    return inputs;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function bundle(outdir, version, inputs) {
  const common = {
    ...shared,
    outdir,
    splitting: true,
    chunkNames: "[name]-[hash]",
    external,
    define: { __VERSION__: JSON.stringify(version) },
    minifySyntax: true,
    minifyWhitespace: true,
  };
  const plugins = [wireSchemasAsJson(inputs), widthsWhenCalled];
  const gateway = await build({
    ...common,
    plugins,
    entryPoints: {
      gateway: join(root, GATEWAY),
      ...Object.fromEntries(CUTS.map((source, index) => [`cut-${index}`, join(root, source)])),
    },
    entryNames: "[name]-[hash]",
  });
  // Nothing loads these: what is in them stands in files that they share with the gateway.
  for (const source of CUTS) await rm(join(outdir, builtFrom(source, gateway.metafile)));
  const program = await build({
    ...common,
    // The second one is what sshd starts for an approver: it loads nothing but itself.
    entryPoints: {
      index: join(root, "src/index.ts"),
      "ssh-answer": join(root, "src/ssh-answer/index.ts"),
    },
    plugins: [...plugins, gatewayFrom(builtFrom(GATEWAY, gateway.metafile))],
  });
  for (const { metafile } of [gateway, program]) {
    for (const input of Object.keys(metafile.inputs)) inputs.add(input);
  }
  for (const name of await readdir(outdir)) await finish(join(outdir, name));
}

/** Makes `require`, which modules do not have. */
const REQUIRE =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);';

/** What is left to do with a file of the program. */
async function finish(file) {
  const text = inAscii(await readFile(file, "utf8"));
  const [shebang = ""] = /^#!.*\n/.exec(text) ?? [];
  // CommonJS packages ask for node's own modules with `require`; esbuild's stand-in for it is in one
  // file, and to make one in each would cost a start as much as loading the file.
  const needed = /\btypeof require\b/.test(text) ? `${REQUIRE}\n` : "";
  await writeFile(file, `${shebang}${needed}${text.slice(shebang.length)}`);
}

/**
 * The same program in ASCII alone. A single character beyond Latin-1 doubles the memory that the text
 * of a loaded file takes (of the gateway 1 MB). esbuild escapes them in strings, but not in regular
 * expressions and tagged templates, where an escape means the same as well (but for `raw`).
 * @throws Error where a backslash stands before such a character
 */
function inAscii(text) {
  return text.replace(/(\\*)([^\0-\x7f])/g, (_, backslashes, character) => {
    if (backslashes.length % 2 > 0) throw new Error(`a backslash before ${character}`);
    return `${backslashes}\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/**
 * The gateway is built apart from the commands, in few files: what it shares with one of some eighty
 * commands would be a file of its own, and each of sixty files costs a start a quarter of a millisecond.
 * @param {string} file  its name in the folder of the program
 */
const gatewayFrom = (file) => ({
  name: "gateway-apart",
  setup(builder) {
    builder.onResolve({ filter: /\/main\/run\.ts$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: `./${file}`, external: true } : undefined,
    );
  },
});

/** The file that `source` became. @param {import("esbuild").Metafile} metafile */
function builtFrom(source, { outputs }) {
  const file = Object.keys(outputs).find((name) => outputs[name]?.entryPoint === source);
  if (file === undefined) throw new Error(`nothing was built from ${source}`);
  return basename(file);
}

/** Moves a finished build into place file by file, the entry last, so that none is ever missing. */
async function publish(staging, outdir) {
  const names = await readdir(staging, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile())
    .map((entry) => relative(staging, join(entry.parentPath, entry.name)))
    .sort((a, b) => Number(a === "index.js") - Number(b === "index.js"));
  for (const file of files) {
    await mkdir(dirname(join(outdir, file)), { recursive: true });
    await rename(join(staging, file), join(outdir, file));
  }
  for (const name of await readdir(outdir)) {
    const path = join(outdir, name);
    const facts = await stat(path).catch(() => undefined);
    if (!facts?.isFile() || files.includes(name)) continue;
    if (Date.now() - facts.mtimeMs > KEEP_MS) await rm(path, { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildProgram();
