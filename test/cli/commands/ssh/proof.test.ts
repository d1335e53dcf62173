import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { proofStep } from "../../../../src/cli/commands/ssh/proof.ts";
import { gatewayBehind } from "../../../../src/cli/reach/gateway.ts";
import { sshLimitTable } from "../../../../src/limits/ssh.ts";

/** The login that `openclaw ssh enable` tries itself, against an `ssh` that stands in for the real one. */

let folder: string;
let asked: { method: string; params: Record<string, unknown> }[];
let pauses: number[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ssh-proof-"));
  asked = [];
  pauses = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Tries; `ssh` is what the script says. */
async function prove(ssh: string): Promise<unknown> {
  writeFileSync(join(folder, "ssh"), `#!/bin/sh\necho "$@" >>${folder}/calls\n${ssh}\n`);
  chmodSync(join(folder, "ssh"), 0o755);
  const gateway = gatewayBehind({
    how: "running",
    close: async () => undefined,
    call: async (method, params) => {
      asked.push({ method, params: params as Record<string, unknown> });
      return { key: { fingerprint: "SHA256:x" }, keys: [] };
    },
  });
  const step = proofStep(gateway, {
    account: "openclaw",
    place: { address: "127.0.0.1", port: 22 } as never,
    env: { PATH: `${folder}:${process.env["PATH"]}` },
    pause: async (ms) => void pauses.push(ms),
  });
  return step.run();
}

test("sshProofKeyMs and sshProofConnectMs: the key lives so long and is taken away, the login waits so long", async () => {
  await prove("exit 0");
  const methods = ["host.ssh.list", "host.ssh.add", "host.ssh.remove"];
  expect(asked.map(({ method }) => method)).toEqual(methods);
  expect(asked[1]?.params).toMatchObject({ expiresInMs: sshLimitTable.sshProofKeyMs.value });
  const seconds = sshLimitTable.sshProofConnectMs.value / 1000;
  expect(readFileSync(join(folder, "calls"), "utf8")).toContain(`ConnectTimeout=${seconds} `);
  expect(pauses).toEqual([]);
});

test("sshProofMs: a port that stays closed is tried for so long, and the key is taken away all the same", async () => {
  await expect(prove("echo Connection refused; exit 255")).rejects.toThrow("did not work");
  expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(sshLimitTable.sshProofMs.value);
  expect(asked.at(-1)).toMatchObject({ method: "host.ssh.remove" });
  // Another failure is none that waiting cures.
  pauses.length = 0;
  await expect(prove("echo Permission denied; exit 255")).rejects.toThrow("Permission denied");
  expect(pauses).toEqual([]);
});

test("a port that opens meanwhile is logged in at", async () => {
  const opened = join(folder, "opened");
  await prove(`[ -e ${opened} ] && exit 0; touch ${opened}; echo Connection refused; exit 255`);
  expect(existsSync(opened)).toBe(true);
  expect(pauses).toHaveLength(1);
});
