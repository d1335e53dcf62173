import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OwnProcess, typedCalls } from "../../../src/cli/kit/typed.ts";

const typedCommand = (env: Record<string, string>, script: string) => typedCalls(env, script).here;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "openclaw-typed-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("commands as they are typed here", () => {
  test("in a clone: node and the script, unless openclaw is on the path", () => {
    const script = join(process.cwd(), "dist/index.js");
    expect(typedCommand({ PATH: folder }, script)).toBe("node dist/index.js");
    expect(typedCommand({ PATH: folder }, "/opt/x/dist/index.js")).toBe(
      "node /opt/x/dist/index.js",
    );
    expect(typedCommand({ PATH: folder }, "/opt/a b/dist/index.js")).toBe(
      "node '/opt/a b/dist/index.js'",
    );
    writeFileSync(join(folder, "openclaw"), "");
    expect(typedCommand({ PATH: `/nowhere:${folder}` }, script)).toBe("openclaw");
  });

  test("as an installed program, and where it was said", () => {
    expect(typedCommand({ PATH: folder }, "/usr/local/bin/openclaw")).toBe("openclaw");
    expect(typedCommand({ OPENCLAW_COMMAND: "docker exec gw openclaw" }, "/x/index.js")).toBe(
      "docker exec gw openclaw",
    );
  });

  describe("in a container", () => {
    const typed = (
      own: Partial<OwnProcess>,
      { path = "", ...env }: Record<string, string> = {},
    ) => {
      const process = { pid: 40, ppid: 39, words: ["node", "dist/index.js"], ...own };
      const all = { OPENCLAW_CONTAINER: "1", PATH: path, ...env };
      return typedCalls(all, "/app/dist/index.js", () => process).here;
    };
    const byPath = { words: ["node", "/app/dist/index.js"] };
    const fromOutside = { ppid: 0 };

    test("in a shell there: as it was typed", () => {
      writeFileSync(join(folder, "openclaw"), "");
      expect(typed({})).toBe("node dist/index.js");
      expect(typed({ words: ["node", "--no-warnings", "dist/index.js", "x"] })).toBe(
        "node dist/index.js",
      );
      expect(typed(byPath, { path: folder })).toBe("openclaw");
      expect(typed(byPath)).toBe("node /app/dist/index.js");
      expect(typed({}, { OPENCLAW_COMMAND: "docker exec gw openclaw" })).toBe("node dist/index.js");
    });

    test("from its host: behind what reaches the container", () => {
      writeFileSync(join(folder, "openclaw"), "");
      const exec = "docker compose exec openclaw-gateway";
      expect(typed(fromOutside)).toBe(`${exec} node dist/index.js`);
      expect(typed({ ...fromOutside, ...byPath }, { path: folder })).toBe(`${exec} openclaw`);
      expect(typed(fromOutside, { OPENCLAW_COMMAND: "docker exec gw openclaw" })).toBe(
        "docker exec gw openclaw",
      );
    });

    test("as all that its container does: in another such one", () => {
      expect(typed({ pid: 1, ppid: 0 })).toBe(
        "docker compose run --rm openclaw-gateway node dist/index.js",
      );
    });
  });
});
