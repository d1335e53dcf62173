import { mkdirSync } from "node:fs";
import { expect } from "vitest";
import type { Machine, Typing } from "../machine.ts";
import { type Situation, situation } from "../situation.ts";

const valid = async (m: Machine) => (await m.says("config validate")).exit === 0;

/** A file with an error: the cure is named by the check and by the doctor, and mends it. */
function mended(
  name: string,
  text: string,
  cure: string,
  more: { readonly kept?: string; readonly edit?: string } = {},
): Situation {
  return situation(name, async (m) => {
    m.config(text);
    if (more.edit !== undefined) m.editor(more.edit);
    const command = cure.replace("FILE", m.configFile);
    await m.types(await m.says("config validate"), command);
    expect(await valid(m)).toBe(true);
    expect(m.config()).toContain(more.kept ?? "");
  });
}

/** A command line that is refused; what it names works, and then it is not refused any more. */
function refused(
  name: string,
  { file, words, cure, how }: { file?: string; words: string; cure: string; how?: Typing },
): Situation {
  return situation(name, async (m) => {
    if (file !== undefined) m.config(file);
    const before = m.config();
    const told = await m.says(words);
    expect([told.exit, m.config()]).toEqual([78, before]);
    await m.types(told, cure, how);
  });
}

const files: readonly Situation[] = [
  situation("a key with a wrong value, the gateway stopped", async (m) => {
    m.config('{"gateway":{"bind":"all","trustedProxies":["10.0.0.0/8"]}}');
    const stopped = await m.says("devices list");
    const told = await m.types(stopped, "openclaw config validate", { exit: 78 });
    await m.types(told, "openclaw config set gateway.bind loopback");
    expect(await valid(m)).toBe(true);
    expect(m.config()).toContain("10.0.0.0/8");
  }),
  mended(
    "a key that is null",
    '{"gateway":{"port":null,"name":"Haus"}}',
    "openclaw config unset gateway.port",
    { kept: "Haus" },
  ),
  mended(
    "no place to connect to",
    '{"gateway":{"bind":"none","name":"Haus"}}',
    "openclaw config set gateway.socket /run/openclaw-gateway/public/gateway.sock",
    { kept: "Haus" },
  ),
  situation("a webhook's URL with a secret", async (m) => {
    m.config('{"gateway":{"name":"Haus"},"notify":{"webhook":{"url":"https://a:b@x.example/"}}}');
    const file = "/etc/openclaw-gateway/webhook-url";
    const told = await m.says("config validate");
    await m.types(told, `openclaw config set notify.webhook.urlFile ${file}`);
    await m.types(told, "openclaw config unset notify.webhook.url");
    expect(await valid(m)).toBe(true);
    expect(m.config()).toContain("Haus");
  }),
  mended(
    "a list with one wrong item",
    '{"gateway":{"trustedProxies":["10.0.0.0/8","nope"]}}',
    "$" + "{EDITOR:-nano} +1 FILE",
    { edit: "s/nope/10.1.0.0/", kept: "10.0.0.0/8" },
  ),
  mended("broken syntax", '{"gateway":{"name":"Haus"}', "$" + "{EDITOR:-nano} +1 FILE", {
    edit: "s/$/}/",
    kept: "Haus",
  }),
  situation("a secret in clear", async (m) => {
    m.config('{"gateway":{"auth":{"token":"my-own-token-0123456789"},"name":"Haus"}}');
    const told = await m.says("config validate");
    const asked = await m.types(told, "openclaw config migrate-secrets", { exit: 1 });
    await m.types(asked, "openclaw config migrate-secrets --yes");
    expect((await m.says("config validate")).said).toEqual([]);
    expect(m.config()).toContain("Haus");
    expect(m.config()).not.toContain("my-own-token");
  }),
  situation("a secret in clear, seen by the doctor", async (m) => {
    m.config('{"gateway":{"auth":{"token":"my-own-token-0123456789"}}}');
    await m.types(await m.says("doctor"), "openclaw config migrate-secrets", { answers: ["y"] });
    expect((await m.says("config validate")).errors).toBe("");
  }),
  situation("keys that mean nothing here, and an empty file", async (m) => {
    for (const text of ['{"talk":{},"skills":[]}', ""]) {
      m.config(text);
      const { text: help } = await m.types(
        await m.says("config validate"),
        "openclaw config --help",
      );
      expect(help).toContain("gateway.port");
    }
  }),
  situation("a variable that is wrong", async (m) => {
    m.env["OPENCLAW_GATEWAY_PORT"] = "many";
    await m.types(await m.says("config validate"), "unset OPENCLAW_GATEWAY_PORT");
    // What the shell forgot its programs are not given.
    delete m.env["OPENCLAW_GATEWAY_PORT"];
    expect(await valid(m)).toBe(true);
  }),
  situation("the file is none", async (m) => {
    mkdirSync(m.configFile);
    const told = await m.says("config validate");
    const looked = await m.types(told, `ls -lLd ${m.configFile}`);
    expect(looked.text).toMatch(/^d/);
  }),
];

const commands: readonly Situation[] = [
  refused("an unknown key like a known one", {
    words: "config set gateway.prot 19000",
    cure: "openclaw config set gateway.port 19000",
  }),
  refused("an unknown key like no other", {
    words: "config set bogus 1",
    cure: "openclaw config --help",
  }),
  refused("an unknown key is taken out", {
    words: "config unset bogus",
    cure: "openclaw config --help",
  }),
  refused("a key like a known one is taken out", {
    file: '{"gateway":{"port":19000}}',
    words: "config unset gateway.prot",
    cure: "openclaw config unset gateway.port",
  }),
  refused("one value is no list", {
    words: "config add gateway.name Haus",
    cure: "openclaw config set gateway.name home-server",
  }),
  refused("a value that stands for a hidden one", {
    file: '{"gateway":{"name":"Haus"}}',
    words: "config set gateway.name __OPENCLAW_REDACTED__",
    cure: "openclaw config get gateway.name",
  }),
  refused("what is in force while the file has errors", {
    file: '{"gateway":{"port":"x"}}',
    words: "config get",
    cure: "openclaw config validate",
    how: { exit: 78 },
  }),
  situation("other errors remain", async (m) => {
    m.config('{"gateway":{"bind":"all","port":"x"}}');
    const told = await m.says("config set gateway.port 19000");
    const rest = await m.types(told, "openclaw config validate", { exit: 78 });
    await m.types(rest, "openclaw config set gateway.bind loopback");
    expect(await valid(m)).toBe(true);
  }),
  situation("a value that is no section", async (m) => {
    m.config('{"gateway":{"nodes":1,"name":"Haus"}}');
    m.editor("s/1/{}/");
    const words = "config add gateway.nodes.commands.deny system.run";
    await m.types(await m.says(words), `\${EDITOR:-nano} +1 ${m.configFile}`);
    expect((await m.says(words)).exit).toBe(0);
    expect(m.config()).toContain("Haus");
  }),
  situation("get: a secret, an unknown key, one that is not set", async (m) => {
    const secret = await m.says("config get gateway.token");
    expect((await m.types(secret, "openclaw token new")).text).toMatch(/^\S{20,}$/);
    await m.types(secret, "openclaw config set gateway.password -", { input: "a-good-password" });
    await m.types(await m.says("config get bogus"), "openclaw config --help");
    const unset = await m.says("config get gateway.name");
    await m.types(unset, "openclaw config set gateway.name home-server");
    expect((await m.says("config get gateway.name")).text).toBe("home-server");
  }),
  situation("a port that opens to a network", async (m) => {
    m.config('{"gateway":{"name":"Haus"}}');
    await m.types(
      await m.says("config set gateway.bind lan"),
      "openclaw config unset gateway.bind",
    );
    expect((await m.says("config get gateway.bind")).text).toBe("loopback");
    expect(m.config()).toContain("Haus");
  }),
  situation("a secret on the command line", async (m) => {
    const told = await m.says("config set gateway.token my-own-token-0123456789");
    const cure = "openclaw config set gateway.token -";
    expect(
      (await m.types(told, cure, { input: "my-other-token-0123456789" })).errors,
    ).not.toContain("process lists");
  }),
  situation("every key as the help sets it, and what its words name", async (m) => {
    const help = await m.says("config --help");
    const told = { ...help, said: help.said.filter(({ words }) => words[1] === "set") };
    for (const { words } of told.said) {
      const [, , path, value] = words.map(String);
      const how =
        /token|password/.test(path ?? "") && !/File$/.test(path ?? "")
          ? { input: "secret-0123456789" }
          : {};
      const text = `openclaw config set ${path} ${/^[\w./:@-]+$/.test(value ?? "") ? value : `'${value}'`}`;
      await m.types(told, text, how);
    }
    expect(await valid(m)).toBe(true);
  }),
];

const running: readonly Situation[] = [
  situation("a change that takes a restart, and one by a client with an old view", async (m) => {
    const gateway = await m.start();
    const told = await m.says("config set gateway.name Haus");
    expect(told.text).toContain("In force now");
    const stale = { raw: '{"gateway":{"name":"Heim"}}', baseHash: "old" };
    const changed = await m.tells(() => gateway.host("config.patch", stale).catch(() => {}));
    expect((await m.types(changed, `cat ${m.configFile}`)).text).toContain("Haus");
    const syntax = await m.tells(() =>
      gateway.host("config.patch", { raw: "[", baseHash: "x" }).catch(() => {}),
    );
    expect(syntax.said).toEqual(expect.arrayContaining([]));
  }),
];

export const configSituations = [...files, ...commands, ...running];
