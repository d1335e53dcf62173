// Writes docs/*.md from what the code declares.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "docs-"));
try {
  const entryPoints = [join(root, "scripts/docs/reference.ts")];
  const mainFields = ["module", "main"];
  // The reader of the source finds the repository from where it stands, which is not where it is built.
  const define = { "import.meta.dirname": JSON.stringify(join(root, "test/architecture")) };
  const form = { bundle: true, platform: "node", format: "esm", mainFields, define };
  // What commands load when they run stands in files of its own, which no page reads.
  const external = ["uWebSockets.js", "argon2"];
  const loader = { ".sh": "text", ".conf": "text" };
  // Commander is CommonJS, and asks for Node.js's own modules at run time.
  const js = `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(import.meta.url)});`;
  await build({
    entryPoints,
    outdir: folder,
    splitting: true,
    outExtension: { ".js": ".mjs" },
    ...form,
    external,
    loader,
    banner: { js },
  });
  const { references } = await import(pathToFileURL(join(folder, "reference.mjs")).href);
  for (const [name, text] of Object.entries(references())) {
    await writeFile(join(root, "docs", name), text);
    console.log(`docs/${name}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
