import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { proofStep } from "../../../../src/cli/commands/ssh/proof.ts";
import { gatewayBehind } from "../../../../src/cli/reach/gateway.ts";
import { sshLimitTable } from "../../../../src/limits/ssh.ts";
import { freePort } from "../../../kit/free-port.mjs";

/** The login that `openclaw ssh enable` tries itself, against an `ssh` that stands in for the real one. */

let folder: string;
let asked: { method: string; params: Record<string, unknown> }[];
let pauses: number[];
let port: number;
let sshd: Server | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ssh-proof-"));
  asked = [];
  pauses = [];
  port = await freePort();
});
afterEach(() => {
  sshd?.close();
  sshd = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Something accepts connections where sshd does. */
async function open(): Promise<void> {
  sshd = createServer((socket) => socket.destroy()).listen(port, "127.0.0.1");
  await once(sshd, "listening");
}

const calls = () => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

/** Tries; `ssh` is what the script says, and `pause` what happens while it waits. */
async function prove(ssh: string, pause: () => Promise<void> = async () => {}): Promise<unknown> {
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
    place: { address: "127.0.0.1", port },
    env: { PATH: `${folder}:${process.env["PATH"]}` },
    pause: async (ms) => {
      pauses.push(ms);
      await pause();
    },
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
  const waited = () => pauses.reduce((sum, ms) => sum + ms, 0);
  const patience = async () => {
    if (waited() > 60_000) throw new Error("it still tries after a minute");
  };
  await expect(prove("echo whatever it says; exit 255", patience)).rejects.toThrow("did not work");
  expect(waited()).toBe(sshLimitTable.sshProofMs.value);
  expect(asked.at(-1)).toMatchObject({ method: "host.ssh.remove" });
});

test("a failure where something listens is none that waiting cures", async () => {
  await open();
  await expect(prove("echo Permission denied; exit 255")).rejects.toThrow("Permission denied");
  expect(pauses).toEqual([]);
  // Twice: the port may have been closed for the first time.
  expect(calls()).toHaveLength(2);
});

test("a port that opens meanwhile is logged in at", async () => {
  const opened = join(folder, "opened");
  await prove(`[ -e ${opened} ] && exit 0; exit 255`, async () => writeFileSync(opened, ""));
  expect(pauses).toHaveLength(1);
  expect(calls()).toHaveLength(2);
});

test("a port that was open again before it was looked at is logged in at", async () => {
  await open();
  const opened = join(folder, "opened");
  await prove(`[ -e ${opened} ] && exit 0; touch ${opened}; exit 255`);
  expect(pauses).toEqual([]);
});
