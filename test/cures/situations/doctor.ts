import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import type { Machine, Told, Typing } from "../machine.ts";
import { asks, comesIn } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

const NOBODY = 65_534;

const doctor = (m: Machine) => m.says("doctor");

/** The doctor finds something, names a command, and finds it no more once that was typed. */
function heals(
  check: string,
  make: (m: Machine) => unknown,
  cure: string | ((m: Machine) => string),
  how: Typing & { readonly stays?: true; readonly shows?: string } = {},
): Situation {
  return situation(`doctor: ${check}, ${String(cure).slice(0, 60)}`, async (m) => {
    await make(m);
    const told = await doctor(m);
    expect(told.text).toContain(`[${check}]`);
    const done = await m.types(told, typeof cure === "string" ? cure : cure(m), how);
    expect(done.text).toContain(how.shows ?? "");
    if (how.stays === undefined) expect((await doctor(m)).text).not.toContain(`[${check}]`);
  });
}

/** A state folder in which a gateway ran once. */
const ran = async (m: Machine) => void (await m.says("token new"));

const state = (m: Machine, name: string) => join(m.stateDir, name);

const folders: readonly Situation[] = [
  heals("state.folder", (m) => rmSync(m.stateDir, { recursive: true }), "openclaw gateway run"),
  heals(
    "state.folder",
    (m) => chmodSync(m.stateDir, 0o755),
    (m) => `chmod 700 ${m.stateDir}`,
  ),
  heals(
    "state.folder",
    (m) => {
      rmSync(m.stateDir, { recursive: true });
      writeFileSync(m.stateDir, "");
    },
    (m) => `ls -ld ${m.stateDir}`,
    { stays: true, shows: "-rw" },
  ),
  heals(
    "state.modes",
    async (m) => {
      await ran(m);
      chmodSync(state(m, "gateway.journal"), 0o644);
    },
    (m) => `chmod -R go= ${m.stateDir}`,
  ),
  heals(
    "state.store",
    async (m) => {
      await ran(m);
      writeFileSync(state(m, "gateway.journal"), "torn", { flag: "a" });
    },
    "openclaw gateway run",
  ),
  heals(
    "state.leftovers",
    (m) => {
      writeFileSync(state(m, "gateway.json.1.tmp"), "");
      utimesSync(state(m, "gateway.json.1.tmp"), 1, 1);
    },
    (m) => `rm ${state(m, "gateway.json.1.tmp")}`,
  ),
  heals(
    "state.damaged-copies",
    (m) => writeFileSync(state(m, `gateway.json.damaged-${process.pid}`), ""),
    (m) => `mv ${m.stateDir}/*.damaged-* /var/tmp/`,
  ),
  situation("doctor: the state is damaged", async (m) => {
    await ran(m);
    m.config({ gateway: { name: "Haus" } });
    writeFileSync(state(m, "gateway.json"), "{");
    const refused = await m.says("devices list");
    expect(refused.exit).toBe(6);
    const told = await m.types(refused, "openclaw doctor", { exit: 1 });
    expect(told.text).toContain("[state.store]");
    await m.types(told, `mkdir ${m.stateDir}/aside`);
    await m.types(told, `mv ${m.stateDir}/gateway.* ${m.stateDir}/aside/`);
    expect((await m.says("devices list")).exit).toBe(0);
    expect(m.config()).toContain("Haus");
  }),
  situation("doctor: the state is damaged, and there is a backup", async (m) => {
    await ran(m);
    const backup = join(m.folder, "backup");
    cpSync(m.stateDir, backup, { recursive: true });
    writeFileSync(state(m, "gateway.json"), "{");
    const told = await doctor(m);
    await m.types(told, `mkdir ${m.stateDir}/aside`);
    await m.types(told, `mv ${m.stateDir}/gateway.* ${m.stateDir}/aside/`);
    await m.types(told, `cp -a BACKUP/. ${m.stateDir}/`, { fill: { "BACKUP/.": `${backup}/.` } });
    expect((await m.says("devices list")).exit).toBe(0);
  }),
];

const owned: readonly Situation[] = [
  heals(
    "state.owners",
    async (m) => {
      await ran(m);
      chownSync(state(m, "gateway.journal"), NOBODY, NOBODY);
    },
    (m) => `chown -R --reference=${m.stateDir} ${m.stateDir}/.`,
  ),
  heals(
    "config.access",
    (m) => {
      m.config("{}");
      chownSync(m.configFile, NOBODY, NOBODY);
    },
    (m) => `chown --reference=${m.stateDir} ${m.configFile}`,
  ),
];

const CLEAR = { gateway: { auth: { token: "my-own-token-0123456789" } } };
const ORIGINS = "gateway.controlUi.allowedOrigins";
const URL = "https://gw.example.com";

const config: readonly Situation[] = [
  heals(
    "config.access",
    (m) => {
      m.config("{}");
      chmodSync(m.configFile, 0o666);
    },
    (m) => `chmod go-w ${m.configFile}`,
  ),
  heals(
    "config.access",
    (m) => {
      m.config(CLEAR);
      chmodSync(m.configFile, 0o644);
    },
    (m) => `chmod 600 ${m.configFile}`,
  ),
  heals("config.secrets", (m) => m.config(CLEAR), "openclaw config migrate-secrets", {
    answers: ["y"],
  }),
  situation("doctor: several errors of the configuration", async (m) => {
    m.config({ gateway: { port: "x", bind: "y" } });
    const told = await m.types(await doctor(m), "openclaw config validate", { exit: 78 });
    await m.types(told, "openclaw config set gateway.port 18789");
    await m.types(told, "openclaw config set gateway.bind loopback");
    expect((await doctor(m)).text).not.toContain("[config.file]");
  }),
  heals(
    "config.exposure",
    (m) => m.config({ gateway: { bind: "lan" } }),
    "openclaw config set gateway.bind loopback",
  ),
  heals(
    "config.public-url",
    (m) => m.config({ gateway: { trustedProxies: ["127.0.0.1"] } }),
    "openclaw config set gateway.publicUrl https://gateway.example.com",
  ),
  heals(
    "config.public-url",
    (m) => m.config({ gateway: { publicUrl: "http://gw.example.com/a/" } }),
    `openclaw config set gateway.publicUrl ${URL}/a`,
  ),
  heals(
    "config.origins",
    (m) => m.config({ gateway: { controlUi: { allowedOrigins: ["*"] } } }),
    `openclaw config unset ${ORIGINS}`,
  ),
  situation("doctor: any origin is allowed, and one that stays", async (m) => {
    m.config({ gateway: { publicUrl: URL, controlUi: { allowedOrigins: ["*", URL] } } });
    await m.types(await doctor(m), `openclaw config set ${ORIGINS} '["${URL}"]'`);
    expect((await doctor(m)).text).not.toContain("[config.origins]");
    expect((await m.says(`config get ${ORIGINS}`)).text).toContain(URL);
  }),
  situation("doctor: one host in two ways", async (m) => {
    const allowedOrigins = ["http://gw.example.com", "https://other.example.com"];
    m.config({ gateway: { publicUrl: URL, controlUi: { allowedOrigins } } });
    await m.types(
      await doctor(m),
      `openclaw config set ${ORIGINS} '["https://other.example.com"]'`,
    );
    m.config({
      gateway: { publicUrl: URL, controlUi: { allowedOrigins: ["http://gw.example.com"] } },
    });
    await m.types(await doctor(m), `openclaw config unset ${ORIGINS}`);
    expect((await doctor(m)).text).not.toContain("[config.origins]");
  }),
  heals(
    "dashboard.root",
    (m) => m.config({ dashboard: { root: "/nonexistent/page" } }),
    "openclaw config unset dashboard.root",
  ),
];

const access: readonly Situation[] = [
  heals("auth.secret", ran0, "openclaw token new"),
  heals(
    "auth.secret",
    async (m) => {
      m.config({ gateway: { auth: { mode: "password" } } });
      await ran0(m);
    },
    "openclaw config set gateway.password -",
    { input: "a-good-password" },
  ),
  heals(
    "auth.deviceless-cli",
    (m) => m.start(),
    "openclaw config set gateway.auth.devicelessCli never",
  ),
  heals("pairing.devices", (m) => m.start(), "openclaw devices invite", {
    stays: true,
    shows: "#invite=",
  }),
  situation("doctor: who waits, which links are open", async (m) => {
    await m.start();
    const { code } = await asks(m);
    const told = await doctor(m);
    expect((await m.types(told, "openclaw devices list")).text).toContain(code);
    await m.says(`devices approve ${code}`);
    await asks(m);
    await m.types(await doctor(m), "openclaw devices list");
    await m.says("devices invite");
    const links = await m.types(await doctor(m), "openclaw devices invite list");
    await m.types(links, /^openclaw devices invite revoke/);
    expect((await doctor(m)).text).not.toContain("[pairing.invites]");
  }),
];

/** A state without a secret. */
async function ran0(m: Machine): Promise<void> {
  await m.says("devices invite list");
  await m.says("config unset gateway.name");
}

/** systemd as far as this program asks it: it says what it was told to say, and notes what it is told to do. */
function systemd(m: Machine, active: string, enabled = "enabled"): void {
  const shown = `LoadState=loaded\\nActiveState=${active}\\nUnitFileState=${enabled}\\n`;
  m.tool(
    "systemctl",
    `case "$*" in *show*) printf '${shown}' ;; *) echo "$*" >> ${m.folder}/asked; sed -i s/=${active}/=inactive/ "$0"; sed -i s/=enabled/=disabled/ "$0" ;; esac`,
  );
}

const machine: readonly Situation[] = [
  situation("doctor: the port is taken", async (m) => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    m.config({ gateway: { port, name: "Haus" } });
    const told = await doctor(m);
    expect((await m.types(told, `ss -ltnp 'sport = :${port}'`)).text).toContain(String(port));
    await m.types(told, "openclaw config set gateway.port PORT", { fill: { PORT: "0" } });
    expect((await doctor(m)).text).not.toContain("[port]");
    expect(m.config()).toContain("Haus");
    other.close();
  }),
  situation("doctor: another program is called openclaw, another gateway is here", async (m) => {
    m.tool("openclaw", "exit 3");
    mkdirSync(join(m.folder, ".openclaw"));
    const told = await doctor(m);
    await m.types(told, /^export OPENCLAW_COMMAND=/);
    expect((await m.types(told, "openclaw config get gateway.port")).text).toBe("18789");
  }),
  situation("doctor: systemd and pm2 both", async (m) => {
    systemd(m, "active");
    mkdirSync(join(m.folder, ".pm2"));
    const dump = join(m.folder, ".pm2/dump.pm2");
    writeFileSync(dump, JSON.stringify([{ name: "openclaw-gateway" }]));
    m.tool("pm2", `[ "$1" = save ] && echo '[]' > ${dump}; exit 0`);
    const told = await doctor(m);
    expect(told.text).toContain("[supervision]");
    await m.types(told, "pm2 delete openclaw-gateway");
    await m.types(told, "pm2 save --force");
    expect((await doctor(m)).text).not.toContain("[supervision]");
  }),
  situation("doctor: systemd calls it failed", async (m) => {
    systemd(m, "failed");
    m.tool("journalctl", "echo why it failed");
    const told = await doctor(m);
    const log = await m.types(told, "journalctl -u openclaw-gateway -n 50 --no-pager");
    expect(log.text).toContain("why it failed");
  }),
  situation("doctor: a warning of the gateway itself", async (m) => {
    m.config({ dashboard: { root: "/nonexistent/page" } });
    await m.start();
    const told = await doctor(m);
    expect(told.text).toContain("[gateway.warnings]");
    await m.types(told, "openclaw doctor", { exit: 0 });
    await m.says("config unset dashboard.root");
  }),
  situation("another gateway has the state", async (m) => {
    await m.start();
    const elsewhere = { ...m.env };
    m.env["OPENCLAW_ADMIN_SOCKET"] = join(m.folder, "no.sock");
    const told = await doctor(m);
    const again = await m.types(told, /^env OPENCLAW_ADMIN_SOCKET=\S+ openclaw doctor$/);
    expect(again.text).not.toContain("[gateway.running]");
    delete m.env["OPENCLAW_ADMIN_SOCKET"];
    expect(m.env).toEqual(elsewhere);
  }),
  situation("who is paired is not lost by a doctor's advice", async (m) => {
    await m.start();
    const { device } = await comesIn(m, ["operator.admin"]);
    const told: Told = await doctor(m);
    expect(told.text).not.toContain("[pairing.devices]");
    expect((await m.says("devices list")).text).toContain(device.deviceId.slice(0, 12));
  }),
];

export const doctorSituations = [
  ...folders,
  ...(process.getuid?.() === 0 ? owned : []),
  ...config,
  ...access,
  ...machine,
];
