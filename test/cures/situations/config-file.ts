import { existsSync, mkdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { examine } from "../../../src/cli/commands/doctor/checks.ts";
import { planEdit } from "../../../src/config/edit.ts";
import { readConfigFile, writePlan } from "../../../src/config/edit-file.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { ConfigWatcher } from "../../../src/config/watch.ts";
import { systemWorld } from "../../../src/lib/world.ts";
import { plainText } from "../../../src/protocol/text.ts";
import { running } from "../../cli/support/doctor/facts.ts";
import { hostInfo } from "../../cli/support/rows.ts";
import { makeDevice, RawClient } from "../../kit/client.ts";
import { until } from "../../kit/until.ts";
import type { Machine } from "../machine.ts";
import { asks, comesIn, gatewayOf } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

const ADMIN = "operator.admin";

/** What a change of the file names, where the system answers its writing with this code. */
const unwritten = (m: Machine, code: string) =>
  m.tells(async () => {
    const file = await readConfigFile(m.configFile);
    const requests = [{ key: "gateway.name", text: "Haus" }];
    const plan = planEdit(file.raw, requests, { file: file.path });
    const write = () => Promise.reject(Object.assign(new Error("no"), { code }));
    await writePlan(file, plan, write).catch(({ next }) => plainText(next));
  });

const writing: readonly Situation[] = [
  situation("the configuration can't be written: its folder is missing", async (m) => {
    const folder = join(m.folder, "etc");
    m.env["OPENCLAW_CONFIG_PATH"] = join(folder, "openclaw.json");
    const told = await m.says("config set gateway.name Haus");
    expect(told.exit).not.toBe(0);
    const { errors } = await m.types(told, `ls -ld ${folder}`, { exit: 2 });
    expect(errors).toContain("No such file");
    mkdirSync(folder);
    expect((await m.says("config set gateway.name Haus")).exit).toBe(0);
  }),
  situation("the configuration can't be written: a full disk", async (m) => {
    m.config({ gateway: { port: 19000 } });
    const full = await unwritten(m, "ENOSPC");
    expect((await m.types(full, `df -h ${m.stateDir}`)).text).toContain("%");
    expect((await m.types(full, `ls -ld ${m.stateDir}`)).text).toMatch(/^d/);
    expect(m.config()).toContain("19000");
  }),
];

/** The commands that watching a file names, while the kernel refuses watches with `code` and `ends` is not so. */
async function watched(m: Machine, code: string, ends: () => boolean) {
  const path = m.configFile;
  const { source } = await loadConfig({ path });
  const refusing = ((...args: Parameters<typeof watch>) => {
    if (ends()) return watch(...args);
    throw Object.assign(new Error("no"), { code });
  }) as typeof watch;
  const failures: unknown[] = [];
  const start = () =>
    new ConfigWatcher({
      path,
      hash: source.hash,
      world: systemWorld,
      quietMs: 1,
      lookMs: 20,
      watch: refusing,
      onChange: () => {},
      onError: ({ next }) => failures.push(plainText(next)),
    });
  let watcher: ConfigWatcher | undefined;
  const told = await m.tells(() => {
    watcher = start();
  });
  const over = () => until(() => watcher?.problem === undefined, "a file that is watched");
  return { told, over, close: () => watcher?.close() };
}

const watching: readonly Situation[] = [
  situation("the configuration can't be watched: a bound of the kernel", async (m) => {
    m.config("{}");
    // The real one changes the machine that runs this test.
    const raised = join(m.folder, "raised");
    m.tool("sysctl", `[ "$1" = -w ] && echo "$2" > ${raised}`);
    for (const [code, key] of [
      ["EMFILE", "max_user_instances"],
      ["ENOSPC", "max_user_watches"],
    ] as const) {
      rmSync(raised, { force: true });
      const { told, over, close } = await watched(m, code, () => existsSync(raised));
      await m.types(told, new RegExp(`^sudo sysctl -w fs.inotify.${key}=\\d+$`));
      await over();
      close();
      const [name = "", value] = readFileSync(raised, "utf8").trim().split("=");
      const now = readFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, "utf8");
      expect(Number(value)).toBeGreaterThan(Number(now));
    }
  }),
  situation("the configuration can't be watched: its folder is gone", async (m) => {
    rmSync(m.stateDir, { recursive: true });
    const { told, over, close } = await watched(m, "EACCES", () => existsSync(m.stateDir));
    const { errors } = await m.types(told, `ls -ld ${m.stateDir}`, { exit: 2 });
    expect(errors).toContain("No such file");
    mkdirSync(m.stateDir);
    await over();
    close();
  }),
];

const inForce: readonly Situation[] = [
  situation("doctor: the gateway reads another file than this program", async (m) => {
    m.config({ gateway: { name: "Haus" } });
    await m.start();
    const facts = running();
    const { gateway, config } = facts;
    if (gateway.how !== "running") throw new Error("it runs");
    const info = hostInfo({ configMark: "one" });
    const other = { gateway: { ...gateway, info }, config: { ...config, mark: "two" } };
    const told = await m.tells(() => {
      for (const one of examine({ ...facts, ...other })) {
        if (one.id === "config.in-force" && one.level !== "ok") plainText(one.next);
      }
    });
    // What the gateway goes by, wherever it has it from.
    writeFileSync(`${m.configFile}.other`, '{"gateway":{"name":"Heim"}}');
    m.env["OPENCLAW_CONFIG_PATH"] = `${m.configFile}.other`;
    const { text } = await m.types(told, "openclaw config get");
    expect(text).toContain("Haus");
    expect(text).not.toContain("Heim");
  }),
  situation("doctor: a gateway of before names no cure of what is not in force", async (m) => {
    m.config({ gateway: { name: "Haus" } });
    await m.start();
    m.config('{"gateway":{"name":"Haus","port":"x"}}');
    const facts = running();
    const { gateway } = facts;
    if (gateway.how !== "running") throw new Error("it runs");
    const message = "what the file says is not in force";
    const notes = [{ code: "CONFIG_NOT_IN_FORCE", message }];
    const told = await m.tells(() => {
      const older = { ...gateway, info: hostInfo({ notes, warnings: [message] }) };
      for (const one of examine({ ...facts, gateway: older })) {
        if (one.id === "config.in-force" && one.level !== "ok") plainText(one.next);
      }
    });
    const { text } = await m.types(told, "openclaw gateway status");
    expect(text).toContain("gateway.port");
    expect(m.config()).toContain("Haus");
  }),
];

const asked: readonly Situation[] = [
  situation("a secret set as a key of the file", async (m) => {
    await m.start();
    m.config({ gateway: { name: "Haus" } });
    const set = { path: "gateway.auth.token", value: "my-own-token-0123456789" };
    const told = await m.tells(() =>
      gatewayOf(m)
        .host("host.config.set", set)
        .catch(() => {}),
    );
    const input = set.value;
    await m.types(told, "openclaw config set gateway.auth.token -", { input });
    expect(m.config()).toBe('{"gateway":{"name":"Haus"}}');
    const device = makeDevice();
    const { code } = await asks(m, { device, auth: { token: input } });
    expect(code).toMatch(/^....-....$/);
  }),
  situation("a secret that is added as to a list", async (m) => {
    await m.start({ token: null });
    m.config({ gateway: { name: "Haus" } });
    const told = await m.says("config add gateway.token my-own-token-0123456789");
    expect(told.exit).toBe(78);
    // An example in its place would be a secret that everybody can read.
    const input = "my-own-token-0123456789";
    await m.types(told, "openclaw config set gateway.auth.token -", { input });
    const { code } = await asks(m, { auth: { token: input } });
    expect(code).toMatch(/^....-....$/);
    expect(m.config()).toBe('{"gateway":{"name":"Haus"}}');
  }),
  situation("what a form says of keys of the host", async (m) => {
    const gateway = await m.start();
    const { client } = await comesIn(m, ["operator.read"]);
    const told = await m.tells(() => client.request("config.schema"));
    const fill = { "…": "https://gw.example.com" };
    await m.types(told, "openclaw config set gateway.publicUrl …", { fill });
    expect((await m.says("config get gateway.publicUrl")).text).toBe("https://gw.example.com");
    const input = "my-own-token-0123456789";
    await m.types(told, "openclaw config set gateway.auth.token -", { input });
    const phone = await RawClient.open(gateway.url);
    const { error } = await phone.connect({ device: makeDevice(), auth: { token: input } });
    expect(error.details.code).toBe("PAIRING_REQUIRED");
  }),
  situation("a section that a client sets to a value", async (m) => {
    await m.start();
    m.config({ gateway: { name: "Haus" } });
    await gatewayOf(m).core.config.reload();
    const { client } = await comesIn(m, [ADMIN]);
    const { payload } = await client.request("config.get");
    const patch = { raw: '{"gateway":5}', baseHash: payload.hash };
    const told = await m.tells(() => client.request("config.patch", patch));
    expect((await m.types(told, "openclaw config --help")).text).toContain("gateway.name");
    expect(m.config()).toContain("Haus");
  }),
  situation("a flag with a wrong value", async (m) => {
    const told = await m.runs(["gateway", "run", "--bind", "bogus host"]);
    expect(told.exit).toBe(78);
    expect((await m.types(told, "openclaw gateway run --help")).text).toContain("--bind <");
    expect((await m.runs(["gateway", "run", "--bind", "127.0.0.1"])).exit).toBe(0);
  }),
];

export const configFileSituations = [...writing, ...watching, ...inForce, ...asked];
