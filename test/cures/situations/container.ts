import { chownSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { examine } from "../../../src/cli/commands/doctor/checks.ts";
import type { DoctorFacts } from "../../../src/cli/commands/doctor/facts.ts";
import { plainText } from "../../../src/protocol/text.ts";
import { box } from "../../cli/support/doctor/container-cases.ts";
import type { Machine, Told } from "../machine.ts";
import { type Situation, situation } from "../situation.ts";

/** This machine is the gateway's container, and its engine notes what it is told to do. */
function boxed(m: Machine): () => string {
  m.env["OPENCLAW_CONTAINER"] = "1";
  m.tool("docker", `echo "$*" >> ${m.folder}/asked`);
  return () => readFileSync(join(m.folder, "asked"), "utf8");
}

const found = (m: Machine, id: string, facts: DoctorFacts): Promise<Told> =>
  m.tells(() => {
    for (const one of examine(facts)) if (one.id === id && one.level !== "ok") plainText(one.next);
  });

/** What a proxy on this machine asks in the name of a visitor. */
async function byProxy(url: string): Promise<void> {
  const headers = { "x-forwarded-for": "203.0.113.9" };
  for (let i = 0; i < 3; i += 1) await fetch(url.replace(/^ws/, "http"), { headers });
}

const everywhere: readonly Situation[] = [
  situation("container: a variable that is wrong", async (m) => {
    const asked = boxed(m);
    m.env["OPENCLAW_GATEWAY_PORT"] = "many";
    await m.types(await m.says("config validate"), "docker compose up -d");
    expect(asked()).toBe("compose up -d\n");
    delete m.env["OPENCLAW_GATEWAY_PORT"];
    expect((await m.says("config validate")).exit).toBe(0);
  }),
  situation("a proxy that is not trusted", async (m) => {
    const gateway = await m.start();
    await byProxy(gateway.url);
    const told = await m.says("gateway status");
    expect(told.text).toContain("all that comes from 127.0.0.1 names other visitors");
    await m.types(told, `openclaw config set gateway.trustedProxies '["127.0.0.1"]'`);
    await byProxy(gateway.url);
    expect((await m.says("gateway status")).text).not.toContain("names other visitors");
  }),
  situation("container: the link opens on its host alone", async (m) => {
    boxed(m);
    m.tool("ssh", `echo "$*"`);
    await m.start();
    const told = await m.says("devices invite");
    const tunnel = await m.types(told, /^ssh -N -L/, { fill: { "<user@server>": "ann@vps" } });
    expect(tunnel.text).toMatch(/^-N -L (\d+):127\.0\.0\.1:\1 ann@vps$/m);
  }),
  situation(
    "container: nothing answers, nothing is published, an account for nobody",
    async (m) => {
      const asked = boxed(m);
      const facts = box();
      const gateway = { how: "unreachable", message: "no answer", denied: false } as const;
      const silent = await found(m, "gateway.running", { ...facts, gateway });
      await m.types(silent, "docker compose restart openclaw-gateway");
      const open = await found(m, "config.exposure", facts);
      await m.types(open, "docker compose port openclaw-gateway 18789");
      expect(asked()).toBe(
        "compose restart openclaw-gateway\ncompose port openclaw-gateway 18789\n",
      );
      m.config({ gateway: { name: "Haus", ssh: { account: "openclaw" } } });
      await m.types(await m.says("doctor"), "openclaw config unset gateway.ssh.account");
      expect((await m.says("doctor")).text).not.toContain("[ssh.setup]");
      expect(m.config()).toContain("Haus");
    },
  ),
  situation("container: approval over SSH, and the gateway's end", async (m) => {
    boxed(m);
    await m.start();
    const cure = "openclaw config set gateway.sshTarget root@gateway.example.com";
    await m.types(await m.says("ssh enable --yes"), cure);
    const told = await m.says("gateway stop");
    // Where it is read that is the engine's own word.
    await m.types(told, "openclaw gateway stop", { exit: 1 });
    expect((await m.says("health")).exit).toBe(0);
  }),
];

const byRoot: readonly Situation[] = [
  situation("container: what is mounted belongs to another user", async (m) => {
    const asked = boxed(m);
    await m.runs(["gateway", "run"]);
    await m.stop();
    chownSync(m.stateDir, 1234, 1234);
    const told = await m.runs(["gateway", "run"]);
    expect([told.exit, told.errors]).toEqual([6, expect.stringContaining("belongs to user 1234")]);
    await m.types(told, "docker volume inspect VOLUME");
    expect(asked()).toContain("volume inspect VOLUME");
    await m.types(told, /^sudo chown -R/, { fill: { FOLDER: m.stateDir } });
    expect(lstatSync(m.stateDir).uid).toBe(0);
    expect((await m.runs(["gateway", "run"])).exit).toBe(0);
  }),
  situation("container: the configuration belongs to another user", async (m) => {
    boxed(m);
    m.config({ gateway: { name: "Haus" } });
    await m.runs(["gateway", "run"]);
    await m.stop();
    writeFileSync(m.configFile, m.config(), { mode: 0o600 });
    chownSync(m.configFile, 1234, 1234);
    const told = await m.says("doctor");
    await m.types(told, /^sudo chown /, { fill: { FILE: m.configFile } });
    expect((await m.says("doctor")).text).not.toContain("[config.access]");
    expect(m.config()).toContain("Haus");
  }),
];

export const containerSituations = [...everywhere, ...(process.getuid?.() === 0 ? byRoot : [])];
