import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { layerProblem, roomOf, rooms, sharedWithPage, side } from "./layers.ts";
import { findRings } from "./rings.ts";
import { type Import, importsOf, resolved, root, sources, src } from "./sources.ts";

/** Packages that enter at one place, so that they can be replaced there. */
const entrances: Readonly<Record<string, RegExp>> = {
  "uWebSockets.js": /^transport\/uws(-http)?\.ts$/,
  "@openclaw/gateway-protocol/schema": /^protocol\/wire-schemas\.ts$/,
  "typebox/schema": /^protocol\/schemas\.ts$/,
  // Its types alone: its makers cost 30 ms for what the methods declare.
  typebox: /^protocol\/(wire-schemas|typed-schema)\.ts$/,
  "@openclaw/gateway-client": /^cli\//,
  "prom-client": /^lib\/metrics\.ts$/,
  argon2: /^auth\/hasher\.ts$/,
  lowdb: /^store\/durable-file\.ts$/,
  pino: /^lib\/log\.ts$/,
  "pino-pretty": /^lib\/log\.ts$/,
  uqr: /^lib\/qr\.ts$/,
  "@commander-js/extra-typings": /^cli\/kit\/declare\.ts$/,
  "jsonc-parser": /^config\//,
  "node-systemd-notify": /^host\/systemd\.ts$/,
  diff: /^config\/text-diff\.ts$/,
  "string-width": /^lib\/width\.ts$/,
  mrmime: /^transport\/content-types\.ts$/,
  "ipaddr.js": /^lib\/net\.ts$/,
  "@noble/ed25519": /^dashboard\//,
};

describe("architecture", () => {
  test("every import respects the floors, those of types too", () => {
    const problems = sources.flatMap((source) =>
      source.imports.flatMap((how) => {
        const to = resolved(source, how);
        const why = to === undefined ? undefined : layerProblem(source.name, to, how);
        return why ? [`${source.name} -> ${to}: ${why}`] : [];
      }),
    );
    expect(problems).toEqual([]);
  });

  test("the rule refuses what it should", () => {
    const plain = { target: "", typeOnly: false, dynamic: false };
    const type = { ...plain, typeOnly: true };
    const cases: [string, string, Import, boolean][] = [
      ["lib/net.ts", "auth/admit.ts", plain, false],
      ["lib/net.ts", "auth/admit.ts", type, false],
      ["lib/net.ts", "limits/table.ts", plain, false],
      ["auth/admit.ts", "lib/net.ts", plain, true],
      ["store/document.ts", "config/load.ts", plain, false],
      ["gateway/hello.ts", "methods/devices.ts", plain, false],
      ["gateway/hello.ts", "methods/method.ts", plain, true],
      ["transport/uws.ts", "pairing/ledger.ts", plain, false],
      ["cli/commands/devices/list.ts", "main/run.ts", plain, false],
      ["cli/commands/devices/list.ts", "main/run.ts", { ...plain, dynamic: true }, true],
      ["cli/commands/devices/list.ts", "main/run.ts", type, true],
      ["cli/commands/devices/list.ts", "pairing/records.ts", type, false],
      ["cli/reach/gateway.ts", "methods/index.ts", type, true],
      ["cli/reach/gateway.ts", "methods/index.ts", plain, false],
      ["cli/reach/gateway.ts", "methods/index.ts", { ...plain, dynamic: true }, false],
      ["cli/reach/gateway.ts", "methods/devices.ts", type, false],
      ["cli/commands/devices/list.ts", "methods/index.ts", type, false],
      ["cli/commands/ssh/scripts.ts", "../deploy/ssh/keys.sh", plain, true],
      ["cli/commands/ssh/enable.ts", "../deploy/ssh/keys.sh", plain, false],
      ["cli/commands/ssh/scripts.ts", "../scripts/build.mjs", plain, false],
      ["ssh-answer/answer.ts", "cli/commands/devices/list.ts", plain, false],
      ["ssh-answer/answer.ts", "cli/kit/exit.ts", plain, false],
      ["cli/commands/devices/list.ts", "store/lock.ts", { ...plain, dynamic: true }, false],
      ["dashboard/app.ts", "protocol/frames.ts", plain, false],
      ["dashboard/names.ts", "protocol/frames.ts", plain, false],
      ["dashboard/names.ts", "words/scopes.ts", plain, true],
      ["dashboard/shared.ts", "protocol/command.ts", plain, true],
      ["dashboard/shared.ts", "protocol/frames.ts", plain, false],
      ["dashboard/app.ts", "words/key.ts", plain, false],
      ["notify/notifier.ts", "pairing/pairing.ts", plain, false],
      ["pairing/pairing.ts", "notify/notifier.ts", plain, true],
      ["pairing/pairing.ts", "nodes/nodes.ts", type, false],
    ];
    for (const [from, to, how, fine] of cases) {
      expect([from, to, layerProblem(from, to, how) === undefined]).toEqual([from, to, fine]);
    }
  });

  test("the rule has a row for every room, and for no other", () => {
    const present = new Set(sources.map(({ name }) => roomOf(name)));
    expect([...present].filter((room) => !rooms.includes(room))).toEqual([]);
    expect(rooms.filter((room) => !present.has(room))).toEqual([]);
  });

  test("every relative import names a file that exists", () => {
    const missing = sources.flatMap((source) =>
      source.imports
        .map((how) => resolved(source, how))
        .filter((to) => to !== undefined && !existsSync(join(src, to)))
        .map((to) => `${source.name} -> ${to}`),
    );
    expect(missing).toEqual([]);
  });

  test("no files import each other in a ring, by types or by import() neither", () => {
    const edges = sources.map((source): [string, string[]] => [
      source.name,
      source.imports.flatMap((how) => resolved(source, how) ?? []),
    ]);
    expect(findRings(new Map(edges))).toEqual([]);
  });

  test("a ring is found, whatever leads into it and out of it", () => {
    const edges = new Map([
      ["in", ["a"]],
      ["a", ["b", "out"]],
      ["b", ["c"]],
      ["c", ["a"]],
      ["out", []],
      ["self", ["self"]],
    ]);
    expect(findRings(edges)).toEqual([["a", "b", "c"], ["self"]]);
  });

  test("every way to import is seen, and whether it is for types alone", () => {
    const text = [
      'import { a } from "./a.ts";',
      'import type { B } from "./b.ts";',
      'export {\n  c,\n  type D,\n} from "./c.ts";',
      'export * from "./d.ts";',
      'const e = await import("./e.ts");',
      'type F = import("./f.ts").F;',
      'type G = typeof import("./g.ts");',
    ].join("\n");
    const seen = importsOf(text).map(({ target, typeOnly, dynamic }) => [
      target,
      typeOnly ? "type" : dynamic ? "dynamic" : "plain",
    ]);
    expect(seen).toEqual([
      ["./a.ts", "plain"],
      ["./b.ts", "type"],
      ["./c.ts", "plain"],
      ["./d.ts", "plain"],
      ["./e.ts", "dynamic"],
      ["./f.ts", "type"],
      ["./g.ts", "type"],
    ]);
  });

  test("what the page shares with the gateway imports nothing else", () => {
    const shared = sources.filter(({ name }) => sharedWithPage.includes(name));
    expect(shared).toHaveLength(sharedWithPage.length);
    const beyond = shared.flatMap((source) => source.imports.map((how) => resolved(source, how)));
    expect(beyond.filter((to) => to === undefined || !sharedWithPage.includes(to))).toEqual([]);
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

  test("each entrance is used: none is left over from a package that went", () => {
    const unused = Object.entries(entrances).filter(
      ([name, where]) =>
        !sources.some(
          (source) =>
            where.test(source.name) &&
            source.imports.some(({ target }) => target === name || target.startsWith(`${name}/`)),
        ),
    );
    expect(unused.map(([name]) => name)).toEqual([]);
  });

  test("what is allowed to a room beside the floors is imported there", () => {
    const edges = sources.flatMap((source) =>
      source.imports.map((how): [string, string | undefined] => [
        roomOf(source.name),
        resolved(source, how),
      ]),
    );
    const unused = Object.entries(side).flatMap(([room, { knows, lazily = [] }]) =>
      [...knows, ...lazily]
        .filter((known) => !edges.some(([a, to]) => a === room && to?.startsWith(`${known}/`)))
        .map((known) => `${room} -> ${known}`),
    );
    expect(unused).toEqual([]);
  });

  test("files are small: median at most 100 lines, nine in ten at most 250, none over 400", () => {
    const lines = sources.map((source) => source.lines).sort((a, b) => a - b);
    const at = (share: number) => lines[Math.floor((lines.length - 1) * share)] ?? 0;
    expect(at(0.5)).toBeLessThanOrEqual(100);
    expect(at(0.9)).toBeLessThanOrEqual(250);
    expect(sources.filter((source) => source.lines > 400).map(({ name }) => name)).toEqual([]);
  });

  test("files of tests and scripts have at most 400 lines, but for those that have more to say", () => {
    const folders = ["test", "scripts"];
    const names = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.m?ts$|\.mjs$/.test(name))
        .map((name) => `${folder}/${name}`),
    );
    const long = names.filter(
      (name) => readFileSync(join(root, name), "utf8").split("\n").length - 1 > 400,
    );
    expect(names.length).toBeGreaterThan(300);
    expect(long.sort()).toEqual([
      "test/audit/every-decision.test.ts",
      "test/e2e/reference-client.test.ts",
      "test/notify/flow.test.ts",
      "test/vps/ssh.test.ts",
    ]);
  });

  test("files are kebab-case nouns", () => {
    const odd = sources.map(({ name }) => name).filter((name) => !/^[a-z0-9/.-]+$/.test(name));
    expect(odd).toEqual([]);
  });

  test("services get the clock, timers and randomness as a value", () => {
    const outside =
      /(?<![.\w])(Date\.now\(|Math\.random\(|setTimeout\(|setInterval\(|randomUUID\(|randomBytes\()/;
    const allowed = /^(lib\/world\.ts|dashboard\/|cli\/|ssh-answer\/|main\/run\.ts)/;
    const problems = sources
      .filter(({ name, text }) => !allowed.test(name) && outside.test(text))
      .map(({ name }) => name);
    expect(problems).toEqual([]);
  });
});

function entranceOf(target: string): RegExp | undefined {
  const names = Object.keys(entrances).sort((a, b) => b.length - a.length);
  const name = names.find((entry) => target === entry || target.startsWith(`${entry}/`));
  return name === undefined ? undefined : entrances[name];
}
