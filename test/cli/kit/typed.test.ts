import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { typedCalls } from "../../../src/cli/kit/typed.ts";

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
});
