import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { root } from "../release/support/release.ts";
import { named } from "../vps/support/told.ts";
import { runScript } from "./support.ts";

const folder = join(root, "systemd");

test.each([[], ["newest", "openclaw-gateway.service"], ["252", "none.service"]])(
  "render-unit.sh %s %s says how it is called, which makes a unit",
  async (...words) => {
    const refused = await runScript(join(folder, "render-unit.sh"), words);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    const usage = "sh render-unit.sh <systemd version, such as 252> <unit file>";
    const fill = {
      "<systemd version, such as 252>": "252",
      "<unit file>": "openclaw-gateway.service",
    };
    const line = named(refused, usage, fill);
    const { stdout } = await promisify(execFile)("sh", ["-c", line], { cwd: folder });
    expect(stdout).toMatch(/^\[Unit\]\n.*^\[Service\]\n.*^\[Install\]\n/ms);
    expect(stdout).not.toContain("#@");
  },
);
