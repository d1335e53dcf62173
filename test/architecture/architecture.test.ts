import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const src = join(root, "src");

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

interface Source {
  /** Relative to src/, such as `pairing/ledger.ts`. */
  readonly name: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s*)?"([^"]+)"/g;
const DYNAMIC = /\bimport\(\s*"([^"]+)"\s*\)/g;

function load(): Source[] {
  const names = readdirSync(src, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".ts"))
    .map((name) => {
      const text = readFileSync(join(src, name), "utf8");
      const statics = [...text.matchAll(IMPORT)].map((match) => ({
        target: match[2] ?? "",
        typeOnly: match[1] !== undefined,
        dynamic: false,
      }));
      const dynamics = [...text.matchAll(DYNAMIC)].map((match) => ({
        target: match[1] ?? "",
        typeOnly: false,
        dynamic: true,
      }));
      return { name, lines: text.split("\n").length - 1, imports: [...statics, ...dynamics] };
    });
}

const sources = load();

/** The file an import names, relative to src/; `undefined` for packages. */
function resolved(source: Source, { target }: Import): string | undefined {
  if (!target.startsWith(".")) return undefined;
  return relative(src, resolve(src, source.name, "..", target));
}

/** Layers from the ground up (design, section 3). A layer imports itself and lower ones. */
const layers: Readonly<Record<string, number>> = {
  lib: 0,
  protocol: 1,
  config: 2,
  store: 2,
  events: 2,
  notify: 2,
  audit: 3,
  auth: 3,
  nodes: 3,
  agent: 3,
  pairing: 4,
  sessions: 4,
  methods: 5,
  gateway: 6,
  transport: 7,
  main: 8,
};

const layerOf = (name: string): string => (name.split("/")[0] ?? "").replace(/\.ts$/, "");

/** Why `from` may not import `to`, or `undefined`. */
function layerProblem(from: string, to: string, how: Import): string | undefined {
  const [a, b] = [layerOf(from), layerOf(to)];
  if (a === "index" || a === "ssh-answer") {
    return b === "cli" || b === "lib" ? undefined : "entries import cli and lib";
  }
  if (a === "cli") return cliProblem(to, how);
  if (a === "dashboard") return pageProblem(from, to);
  const [low, high] = [layers[b], layers[a]];
  if (low === undefined || high === undefined) return "no such layer";
  if (low > high) return "a lower layer imports a higher one";
  if (low === high && a !== b) return "layers of one height do not know each other";
  if (a === "gateway" && b === "methods" && to !== "methods/method.ts") {
    return "of methods, the gateway knows method.ts alone";
  }
  if (a === "transport" && !["transport", "gateway", "lib", "protocol"].includes(b)) {
    return "transport knows the gateway, lib and protocol";
  }
  return undefined;
}

/** Light, without imports of their own, and the same words everywhere; in a chunk of their own. */
const sharedWithPage = ["lib/key-words.ts", "protocol/scopes.ts"];

function pageProblem(from: string, to: string): string | undefined {
  if (layerOf(to) === "dashboard") return undefined;
  const fine = from === "dashboard/names.ts" && sharedWithPage.includes(to);
  return fine ? undefined : "the page stands alone";
}

/** The command line must start fast: heavy parts only by dynamic import. */
function cliProblem(to: string, how: Import): string | undefined {
  const layer = layerOf(to);
  if (["cli", "lib", "protocol"].includes(layer)) return undefined;
  if (how.typeOnly) return undefined;
  if (!["main", "config", "store"].includes(layer)) return "cli knows lib and protocol";
  return how.dynamic ? undefined : "cli loads this by dynamic import only";
}

/** Packages that enter at one place, so that they can be replaced there. */
const entrances: Readonly<Record<string, RegExp>> = {
  "uWebSockets.js": /^transport\/uws(-http)?\.ts$/,
  "@openclaw/gateway-protocol/schema": /^protocol\/wire-schemas\.ts$/,
  "typebox/schema": /^protocol\/schemas\.ts$/,
  "@openclaw/gateway-client": /^cli\//,
  "prom-client": /^lib\/metrics\.ts$/,
  argon2: /^auth\/hasher\.ts$/,
  lowdb: /^store\/durable-file\.ts$/,
  pino: /^lib\/log\.ts$/,
  "pino-pretty": /^lib\/log\.ts$/,
  uqr: /^lib\/qr\.ts$/,
  commander: /^(cli\/|index\.ts)/,
  "jsonc-parser": /^config\//,
  "node-systemd-notify": /^lib\/systemd\.ts$/,
  "@noble/ed25519": /^dashboard\//,
};

describe("architecture", () => {
  test("every import respects the layers", () => {
    const problems = sources.flatMap((source) =>
      source.imports.flatMap((how) => {
        const to = resolved(source, how);
        const why = to === undefined ? undefined : layerProblem(source.name, to, how);
        return why ? [`${source.name} -> ${to}: ${why}`] : [];
      }),
    );
    expect(problems).toEqual([]);
  });

  test("the layer rule refuses what it should", () => {
    const plain = { target: "", typeOnly: false, dynamic: false };
    const cases: [string, string, Import, boolean][] = [
      ["lib/net.ts", "auth/admit.ts", plain, false],
      ["auth/admit.ts", "lib/net.ts", plain, true],
      ["store/document.ts", "config/load.ts", plain, false],
      ["gateway/hello.ts", "methods/devices.ts", plain, false],
      ["gateway/hello.ts", "methods/method.ts", plain, true],
      ["transport/uws.ts", "pairing/ledger.ts", plain, false],
      ["cli/devices.ts", "main.ts", plain, false],
      ["cli/devices.ts", "main.ts", { ...plain, dynamic: true }, true],
      ["dashboard/app.ts", "protocol/frames.ts", plain, false],
      ["dashboard/names.ts", "protocol/frames.ts", plain, false],
      ["dashboard/names.ts", "protocol/scopes.ts", plain, true],
      ["dashboard/app.ts", "lib/key-words.ts", plain, false],
      ["notify/notifier.ts", "pairing/pairing.ts", plain, false],
      ["pairing/pairing.ts", "notify/notifier.ts", plain, true],
    ];
    for (const [from, to, how, fine] of cases) {
      expect([from, to, layerProblem(from, to, how) === undefined]).toEqual([from, to, fine]);
    }
  });

  test("every relative import names a file that exists", () => {
    const names = new Set(sources.map(({ name }) => name));
    const missing = sources.flatMap((source) =>
      source.imports
        .map((how) => resolved(source, how))
        .filter((to) => to?.endsWith(".ts") && !names.has(to))
        .map((to) => `${source.name} -> ${to}`),
    );
    expect(missing).toEqual([]);
  });

  test("no two files import each other, directly or in a ring", () => {
    expect(findRing()).toBeUndefined();
  });

  test("what the page shares with the gateway imports nothing", () => {
    const shared = sources.filter(({ name }) => sharedWithPage.includes(name));
    expect(shared.map(({ imports }) => imports)).toEqual([[], []]);
  });

  test("each package enters at its one place", () => {
    const problems = sources.flatMap((source) =>
      source.imports
        .filter(({ target }) => !target.startsWith(".") && !target.startsWith("node:"))
        .filter(({ target, typeOnly }) => !(typeOnly && target.startsWith("@openclaw/")))
        .filter(({ target }) => !entranceOf(target)?.test(source.name))
        .map(({ target }) => `${source.name} imports ${target}`),
    );
    expect(problems).toEqual([]);
  });

  test("files are small: median at most 100 lines, nine in ten at most 250, none over 400", () => {
    const lines = sources.map((source) => source.lines).sort((a, b) => a - b);
    const at = (share: number) => lines[Math.floor((lines.length - 1) * share)] ?? 0;
    expect(at(0.5)).toBeLessThanOrEqual(100);
    expect(at(0.9)).toBeLessThanOrEqual(250);
    expect(sources.filter((source) => source.lines > 400).map(({ name }) => name)).toEqual([]);
  });

  test("files are kebab-case nouns", () => {
    const odd = sources.map(({ name }) => name).filter((name) => !/^[a-z0-9/.-]+$/.test(name));
    expect(odd).toEqual([]);
  });

  test("services get the clock, timers and randomness as a value", () => {
    const outside =
      /(?<![.\w])(Date\.now\(|Math\.random\(|setTimeout\(|setInterval\(|randomUUID\(|randomBytes\()/;
    const allowed = /^(lib\/world\.ts|dashboard\/|cli\/|main\.ts|index\.ts)/;
    const problems = sources
      .map(({ name }) => name)
      .filter((name) => !allowed.test(name))
      .filter((name) => outside.test(readFileSync(join(src, name), "utf8")));
    expect(problems).toEqual([]);
  });
});

function entranceOf(target: string): RegExp | undefined {
  const names = Object.keys(entrances).sort((a, b) => b.length - a.length);
  const name = names.find((entry) => target === entry || target.startsWith(`${entry}/`));
  return name === undefined ? undefined : entrances[name];
}

/** Type-only imports are erased, so only the others can make a ring at run time. */
function findRing(): string[] | undefined {
  const edges = new Map(
    sources.map((source) => [
      source.name,
      source.imports
        .filter(({ typeOnly, dynamic }) => !typeOnly && !dynamic)
        .map((how) => resolved(source, how) ?? ""),
    ]),
  );
  const done = new Set<string>();
  const path: string[] = [];
  function visit(name: string): string[] | undefined {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    path.push(name);
    for (const next of edges.get(name) ?? []) {
      const ring = visit(next);
      if (ring) return ring;
    }
    path.pop();
    done.add(name);
    return undefined;
  }
  for (const { name } of sources) {
    const ring = visit(name);
    if (ring) return ring;
  }
  return undefined;
}
