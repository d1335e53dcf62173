// The gateway's part of a release: the build, the native modules it needs, how it is set up.
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkPins } from "../pin-native.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Packages that stay outside the bundle, with the files of theirs that are used at run time. */
const outside = {
  "uWebSockets.js": ({ arch, abi }) => ["uws.js", `uws_linux_${arch}_${abi}.node`],
  argon2: ({ arch }) => ["argon2.cjs", `prebuilds/linux-${arch}/${argon2Binary[arch]}`],
  "@phc/format": () => ["index.js"],
  "node-gyp-build": () => ["index.js", "node-gyp-build.js"],
};

const argon2Binary = { x64: "argon2.glibc.node", arm64: "argon2.armv8.glibc.node" };

/** Names of the packages that a release holds as they are. */
export const outsidePackages = Object.keys(outside);

/**
 * Fills `folder` with what is unpacked as a release: dist/, node_modules/, the installer, notices.
 * @param {{ target: import("./targets.mjs").Target, dist: string, folder: string, release: { version: string, commit: string } }} what
 */
export async function stagePayload({ target, dist, folder, release }) {
  await stageProgram({ target, dist, folder });
  for (const name of ["README.md", "deploy/ecosystem.config.cjs"]) {
    await copy(join(root, name), join(folder, name));
  }
  await stageInstaller(join(folder, "install"));
  const about = {
    version: release.version,
    commit: release.commit,
    target: target.name,
    node: target.node,
  };
  await writeFile(join(folder, "release.json"), `${JSON.stringify(about, undefined, 2)}\n`);
}

/**
 * Fills `folder` with what runs: dist/ and, in node_modules/, what stays outside the bundle.
 * @param {{ target: import("./targets.mjs").Target, dist: string, folder: string }} what
 */
export async function stageProgram({ target, dist, folder }) {
  await cp(dist, join(folder, "dist"), { recursive: true });
  const shipped = Object.entries(outside).flatMap(([name, files]) =>
    files(target).map((file) => `${name}/${file}`),
  );
  await checkPins(shipped.filter((name) => name.endsWith(".node")));
  for (const [name, files] of Object.entries(outside)) {
    await copyPackage(name, files(target), folder);
  }
  await copy(join(root, "LICENSE"), join(folder, "LICENSE"));
}

/** What sets a machine up: the installer's steps and the templates that they fill in. */
export async function stageInstaller(folder) {
  await cp(join(root, "deploy/install"), folder, { recursive: true });
  await copy(join(root, "deploy/openclaw"), join(folder, "openclaw"));
  // Takes the gateway off again, with nothing to be fetched.
  await copy(join(root, "scripts/install.sh"), join(folder, "install.sh"));
  for (const name of ["systemd", "nginx"]) {
    await cp(join(root, name), join(folder, name), { recursive: true });
  }
}

async function copyPackage(name, files, folder) {
  const from = join(root, "node_modules", name);
  const manifest = JSON.parse(await readFile(join(from, "package.json"), "utf8"));
  for (const file of ["package.json", ...files]) {
    await copy(join(from, file), join(folder, "node_modules", name, file));
  }
  // What the package says about itself names files that stay behind.
  const { version, main, license } = manifest;
  const kept = { name: manifest.name, version, main, license };
  await writeFile(
    join(folder, "node_modules", name, "package.json"),
    `${JSON.stringify(kept, undefined, 2)}\n`,
  );
}

async function copy(from, to) {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to);
}
