import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askSystemd } from "../../../../src/cli/commands/gateway/supervisor.ts";
import { CliError } from "../../../../src/cli/kit/exit.ts";
import { asRoot, shell } from "../../../../src/protocol/command.ts";

/** A `systemctl` stands in for the real one; its words are of no account, so it says what misleads. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "supervisor-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

interface Systemctl {
  readonly uid: number;
  readonly exit: number;
  /** What is said, and whether the unit was started anew. */
  readonly says?: string;
  readonly starts?: boolean;
}

async function ask({ uid, exit, says = "Job failed", starts = false }: Systemctl) {
  vi.spyOn(process, "getuid").mockReturnValue(uid);
  const script = `#!/bin/sh
echo "$@" >>${folder}/calls
if [ "$1" = show ]; then cat ${folder}/run; exit 0; fi
${starts ? `echo InvocationID=b >${folder}/run` : ""}
echo ${says}; exit ${exit}
`;
  writeFileSync(join(folder, "run"), "InvocationID=a\nActiveState=active\n");
  writeFileSync(join(folder, "systemctl"), script);
  chmodSync(join(folder, "systemctl"), 0o755);
  return askSystemd("restart", "x.service", { PATH: `${folder}:${process.env["PATH"]}` }).then(
    () => "done",
    (error: CliError) => error,
  );
}

const refused = {
  message: "systemd does not let this user restart x",
  next: asRoot(shell`systemctl restart x`),
};
const failed = (says: string) => ({
  message: `systemctl restart x failed: ${says}`,
  next: shell`journalctl -u x -n 50 --no-pager`,
});

test("what systemd did is done", async () => {
  expect(await ask({ uid: 0, exit: 0 })).toBe("done");
  expect(readFileSync(join(folder, "calls"), "utf8")).toBe("--no-ask-password restart x\n");
});

test.each<[string, Systemctl, object]>([
  ["a user without the right", { uid: 1000, exit: 4 }, refused],
  ["a user who would be asked who they are", { uid: 1000, exit: 1 }, refused],
  [
    "a unit that a user may start and that fails",
    { uid: 1000, exit: 1, starts: true },
    failed("Job failed"),
  ],
  ["a unit that does not exist", { uid: 1000, exit: 5 }, failed("Job failed")],
  [
    "root, whom nothing is refused",
    { uid: 0, exit: 4, says: "Access denied" },
    failed("Access denied"),
  ],
  ["a unit of root's that fails", { uid: 0, exit: 1, says: "polkit" }, failed("polkit")],
])("%s", async (_what, systemctl, expected) => {
  const error = await ask(systemctl);
  expect(error).toBeInstanceOf(CliError);
  expect(error).toMatchObject(expected);
});

test("a machine without systemctl", async () => {
  const asked = askSystemd("stop", "x", { PATH: folder });
  await expect(asked).rejects.toMatchObject({
    message: "systemctl was not found",
    next: asRoot(shell`systemctl stop x`),
  });
});
