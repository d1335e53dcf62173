import { existsSync, mkdtempSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { typed } from "./machine.ts";
import {
  byRootAlone,
  elsewhere,
  exceptions,
  MOST_WITHOUT,
  stillWithoutSituation,
} from "./not-typed.ts";
import { type Situation, seeThrough } from "./situation.ts";
import { factSituations } from "./situations/by-facts.ts";
import { configSituations } from "./situations/config.ts";
import { containerSituations } from "./situations/container.ts";
import { deviceSituations } from "./situations/devices.ts";
import { doctorSituations } from "./situations/doctor.ts";
import { miscSituations } from "./situations/misc.ts";
import { moreSituations } from "./situations/more.ts";
import { nodeHostSituations } from "./situations/node-host.ts";
import { nodeSituations } from "./situations/nodes.ts";
import { notifySituations } from "./situations/notify.ts";
import { sshSituations } from "./situations/ssh.ts";
import { storeSituations } from "./situations/store.ts";
import { wireSituations } from "./situations/wire.ts";
import { wordSituations } from "./situations/words.ts";
import { allTemplates } from "./templates.ts";

vi.mock("../../src/protocol/command.ts", async (original) => {
  const { recorded } = await import("./recorder.ts");
  return recorded(await original());
});
vi.mock("../../src/main/log.ts", async (original) => {
  const { quiet } = await import("./quiet-log.ts");
  return { ...(await original<object>()), openLog: async () => quiet() };
});

// It knows nothing of the place that each command carries here.
vi.mock("../kit/answers.ts", () => ({ checkedMethod: (method: unknown) => method }));
// The page is made by the build alone.
vi.mock("../../src/main/server.ts", async (original) => {
  const real = await original<typeof import("../../src/main/server.ts")>();
  const page = mkdtempSync(join(tmpdir(), "openclaw-page-"));
  const startServer: typeof real.startServer = (core, deps) =>
    real.startServer(core, existsSync(deps.pageFolder) ? deps : { ...deps, pageFolder: page });
  return { ...real, startServer };
});

const situations: readonly Situation[] = [
  ...configSituations,
  ...containerSituations,
  ...wordSituations,
  ...deviceSituations,
  ...nodeSituations,
  ...wireSituations,
  ...doctorSituations,
  ...factSituations,
  ...nodeHostSituations,
  ...sshSituations,
  ...storeSituations,
  ...notifySituations,
  ...miscSituations,
  ...moreSituations,
];

test.each(situations.map((one) => [one.name, one] as const))("%s", (_name, one) => seeThrough(one));

describe("every command that people are told to type", () => {
  const templates = allTemplates();
  const names = templates.map(({ name }) => name);
  const isTyped = ({ origin }: { origin: string }) => typed.has(origin);
  const others = [...Object.keys(exceptions), ...Object.keys(elsewhere), ...stillWithoutSituation];

  test("is typed in the situation in which it is said, or named with the reason why not", () => {
    const left = process.getuid?.() === 0 ? others : [...others, ...byRootAlone];
    const missing = templates.filter((one) => !isTyped(one) && !left.includes(one.name));
    expect(missing.map(({ name }) => name)).toEqual([]);
    // Each place that a command came from was found in the source, so none is counted twice or for another.
    const origins = new Set(templates.map(({ origin }) => origin));
    expect([...typed].filter((origin) => !origins.has(origin))).toEqual([]);
    expect(templates.filter(isTyped).length).toBeGreaterThan(others.length);
  });

  test("the lists of those that are not typed here name real ones, once, and only shrink", () => {
    expect([...others, ...byRootAlone].filter((name) => !names.includes(name))).toEqual([]);
    expect(new Set(others).size).toBe(others.length);
    const typedAfterAll = templates.filter((one) => isTyped(one) && others.includes(one.name));
    expect(typedAfterAll.map(({ name }) => name)).toEqual([]);
    expect(Object.keys(exceptions).length).toBeLessThanOrEqual(10);
    expect(stillWithoutSituation.length).toBeLessThanOrEqual(MOST_WITHOUT);
  });

  test.each(Object.entries(elsewhere))(
    "%s is typed by another test",
    async (_name, { file, as }) => {
      expect(await readFile(join(import.meta.dirname, "..", file), "utf8")).toContain(as);
    },
  );
});
