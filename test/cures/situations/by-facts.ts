import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { examine } from "../../../src/cli/commands/doctor/checks.ts";
import type { DoctorFacts } from "../../../src/cli/commands/doctor/facts.ts";
import { plainText } from "../../../src/protocol/text.ts";
import { running, stopped } from "../../cli/support/doctor/facts.ts";
import { hostInfo } from "../../cli/support/rows.ts";
import type { Machine, Told } from "../machine.ts";
import { type Situation, situation } from "../situation.ts";

/** What the doctor names for facts of a machine that a test can't make, such as a full disk. */
const found = (m: Machine, id: string, facts: DoctorFacts): Promise<Told> =>
  m.tells(() => {
    for (const one of examine(facts)) if (one.id === id && one.level !== "ok") plainText(one.next);
  });

const MiB = 1024 * 1024;

/** A healthy gateway whose state is in this machine's folder. */
const here = (m: Machine, more: Partial<DoctorFacts["state"]> = {}): DoctorFacts => {
  const facts = running();
  return { ...facts, state: { ...facts.state, folder: m.stateDir, ...more } };
};

/** A gateway that systemd runs, as version 1.2.3. */
function supervised(facts: DoctorFacts, supervisor: "systemd" | "none" | "pm2"): DoctorFacts {
  const { gateway } = facts;
  if (gateway.how !== "running") return facts;
  return { ...facts, gateway: { ...gateway, info: hostInfo({ supervisor, version: "1.2.3" }) } };
}

/** A systemctl that notes what it is told to do. */
function systemctl(m: Machine): () => Promise<Told> {
  m.tool("systemctl", `echo "$*" >> ${m.folder}/asked`);
  return () => m.tells(() => {});
}

export const factSituations: readonly Situation[] = [
  situation("doctor: old Node.js on an old system", async (m) => {
    const nowMs = Date.UTC(2026, 10, 1);
    const program = { ...running().program, node: "20.20.2", glibc: "2.36" };
    const told = await found(m, "node.version", { ...running(), nowMs, program });
    expect((await m.types(told, "cat /etc/os-release")).text).toContain("ID=");
  }),
  situation("doctor: little room on the disk", async (m) => {
    for (const [space, cure] of [
      [{ bytes: 0 }, `df -h ${m.stateDir}`],
      [{ bytes: 50 * MiB, inodes: 9_999 }, `df -h ${m.stateDir}`],
      [{ bytes: 500 * MiB, inodes: 3 }, `df -i ${m.stateDir}`],
      [{ bytes: 500 * MiB, inodes: 500 }, `df -i ${m.stateDir}`],
    ] as const) {
      const told = await found(m, "disk.space", here(m, { space }));
      expect((await m.types(told, cure)).text).toContain("%");
    }
  }),
  situation("doctor: the state can't be written", async (m) => {
    const facts = here(m);
    const { gateway } = facts;
    if (gateway.how !== "running") throw new Error("it runs");
    const store = { ok: false, lastError: "ENOSPC" } as never;
    const status = { ...gateway.status, store };
    const told = await found(m, "state.store", { ...facts, gateway: { ...gateway, status } });
    expect((await m.types(told, `df -h ${m.stateDir}`)).text).toContain("%");
  }),
  situation("doctor: another version runs", async (m) => {
    const facts = { ...running(), program: { ...running().program, version: "9.9.9" } };
    const bare = await found(m, "gateway.version", supervised(facts, "none"));
    await m.runs(["gateway", "run"]);
    await m.types(bare, "openclaw gateway stop");
    await m.types(bare, "openclaw gateway run");
    const unit = await found(m, "gateway.version", supervised(facts, "systemd"));
    await m.types(unit, "openclaw gateway restart");
    expect((await m.says("health")).exit).toBe(0);
  }),
  situation("doctor: it listens by a flag, without encryption", async (m) => {
    const facts = stopped();
    const { gateway: settings } = facts.config;
    if (!settings) throw new Error("no settings");
    const config = { ...facts.config, bindByFlag: true, gateway: { ...settings, bind: "lan" } };
    await m.runs(["gateway", "run", "--bind", "127.0.0.1"]);
    const told = await found(m, "config.exposure", { ...facts, config });
    await m.types(told, "openclaw gateway stop");
    await m.types(told, "openclaw gateway run");
    expect((await m.says("doctor")).text).not.toContain("[config.exposure]");
  }),
  situation("doctor: it does not answer", async (m) => {
    const facts = running();
    const gateway = { how: "unreachable", message: "no answer", denied: false } as const;
    await m.runs(["gateway", "run"]);
    const told = await found(m, "gateway.running", { ...facts, gateway });
    await m.types(told, "openclaw gateway restart");
    expect((await m.says("health")).exit).toBe(0);
    systemctl(m);
    const { machine } = facts;
    const unit = { active: "active", enabled: true };
    const asUnit = await found(m, "gateway.running", {
      ...facts,
      gateway,
      machine: { ...machine, unit },
    });
    await m.types(asUnit, "sudo systemctl restart openclaw-gateway");
    await m.types(
      await found(m, "supervision", { ...supervised(facts, "pm2"), machine: { ...machine, unit } }),
      "sudo systemctl disable --now openclaw-gateway",
    );
  }),
  situation("doctor: who holds the state is not told", async (m) => {
    const facts = stopped();
    const state = { ...facts.state, inspection: { heldBy: {}, problems: [], torn: 0 } };
    const told = await found(m, "gateway.running", { ...facts, state });
    await m.types(told, "openclaw doctor");
  }),
  situation("doctor: more than one warning of the gateway", async (m) => {
    const facts = running();
    const { gateway } = facts;
    if (gateway.how !== "running") throw new Error("it runs");
    const info = hostInfo({ version: "1.2.3", warnings: ["a", "b"] });
    const told = await found(m, "gateway.warnings", { ...facts, gateway: { ...gateway, info } });
    await m.start();
    expect((await m.types(told, "openclaw gateway status")).text).toContain("running");
  }),
  situation("doctor: few files may be open", async (m) => {
    const facts = running();
    const machine = { ...facts.machine, openFiles: { soft: 1024, hard: 4096 } };
    const told = await found(m, "open-files", { ...stopped(), machine });
    if (process.getuid?.() === 0) await m.types(told, "prlimit --pid $$ --nofile=20000:20000");
  }),
  situation("doctor: the gateway's user may not read the webhook's file", async (m) => {
    const file = join(m.folder, "url");
    writeFileSync(file, "https://x.example/\n");
    chmodSync(file, 0o600);
    const facts = here(m);
    const gid = process.getgid?.() ?? 0;
    const owner = { uid: 990, gid, mtimeMs: 0, mode: 0o700, isFolder: true };
    const webhook = {
      to: "https://x.example",
      egress: [],
      files: [
        {
          key: "notify.webhook.urlFile",
          path: file,
          found: { uid: 0, gid: 0, mode: 0o600, isFile: true, mtimeMs: 0 },
        },
      ],
    };
    const told = await found(m, "notify.files", {
      ...facts,
      state: { ...facts.state, found: owner },
      config: { ...facts.config, webhook: webhook as never },
    });
    await m.types(told, `chgrp ${gid} ${file}`);
    await m.types(told, `chmod g+r ${file}`);
  }),
  situation(
    "doctor: keys that may approve while that is off, and keys whose time is over",
    async (m) => {
      const facts = running();
      await m.start();
      const off = { ...facts.ssh, account: undefined, dropInFor: undefined };
      const told = await found(m, "ssh.keys", { ...facts, ssh: off as never });
      await m.types(told, "openclaw ssh list");
    },
  ),
];
