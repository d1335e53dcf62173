import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { sshKey } from "../../kit/ssh-key.ts";
import { approver, ask, verb } from "../approvers.ts";
import type { Machine } from "../machine.ts";
import { asks, comesIn } from "../people.ts";
import { type Situation, situation } from "../situation.ts";

const add = (m: Machine, byte: number, ...more: string[]) =>
  m.says(["ssh", "add", sshKey(byte), ...more]);

/** Writes a key's file, as people have it. */
function keyFile(m: Machine, byte: number, name = "key.pub"): string {
  const file = join(m.folder, name);
  writeFileSync(file, `${sshKey(byte)}\n`);
  return file;
}

const keys: readonly Situation[] = [
  situation("ssh: no key, one that is there, one that fits nothing", async (m) => {
    await m.start();
    const file = keyFile(m, 1);
    const fill = { "key.pub": file, "~/.ssh/id_ed25519.pub": file };
    const none = await m.says("ssh list");
    await m.types(none, "openclaw ssh add key.pub --name phone", { fill });
    await m.types(await add(m, 1), "openclaw ssh remove phone");
    const bare = await m.says("ssh add");
    const added = await m.types(
      bare,
      "openclaw ssh add '~/.ssh/id_ed25519.pub' --name laptop".replaceAll("'", ""),
      { fill },
    );
    await m.types(added, "openclaw ssh remove laptop");
    for (const words of ["ssh remove", "ssh remove nothing"]) {
      await m.types(await m.says(words), "openclaw ssh list");
    }
    await add(m, 1, "--name", "phone");
    const removed = await m.says("ssh remove phone");
    await m.types(removed, "openclaw devices list");
  }),
  situation("ssh: two files at once, and as many keys as fit", async (m) => {
    await m.start({ limits: { sshKeys: 1 } });
    const [one, two] = [keyFile(m, 1, "one.pub"), keyFile(m, 2, "two.pub")];
    await m.types(await m.says(["ssh", "add", one, two]), `openclaw ssh add ${one}`);
    const full = await add(m, 2);
    await m.types(full, "openclaw ssh list");
    await m.types(full, "openclaw ssh remove NAME", { fill: { NAME: "key" } });
    expect((await add(m, 2)).exit).toBe(0);
  }),
  situation("ssh: a key of a kind that is not taken", async (m) => {
    await m.start();
    const told = await m.says(["ssh", "add", "ssh-dss AAAAB3NzaC1kc3MAAACBAP1 me"]);
    if (told.said.length > 0)
      await m.types(told, "ssh-keygen -t ed25519", { input: `${m.folder}/new\n\n\n` });
    expect((await m.says(["ssh", "add", `${m.folder}/new.pub`])).exit).toBe(0);
  }),
  situation("ssh: the examples of its help", async (m) => {
    await m.start();
    const help = await m.says("ssh --help");
    const fill = {
      "phone.pub": keyFile(m, 1, "phone.pub"),
      "yubikey.pub": keyFile(m, 2, "yubikey.pub"),
    };
    await m.types(help, "openclaw ssh add phone.pub --name phone", { fill });
    await m.types(help, "openclaw ssh add yubikey.pub --may admin", { fill });
    await m.types(help, "openclaw ssh remove phone");
    expect((await m.says("ssh list")).text).not.toContain("phone");
  }),
  situation("ssh: the last way in is a key", async (m) => {
    await m.start({ flags: { "gateway.ssh.account": "openclaw" } });
    await add(m, 1, "--name", "phone", "--may", "admin");
    const told = await m.says("ssh remove phone");
    expect(told.errors).toContain("last way in");
    await m.types(told, /^openclaw ssh remove SHA256:\S+ --force$/);
    expect((await m.says("ssh list")).text).toContain("No key");
  }),
  situation("ssh: an end of approval by a setting, where a key is the last way in", async (m) => {
    m.config({ gateway: { ssh: { account: "openclaw" } } });
    await m.start();
    await add(m, 1, "--name", "phone", "--may", "admin");
    const told = await m.says("config unset gateway.ssh.account");
    await m.types(told, "openclaw config unset gateway.ssh.account --force");
    await m.says("config set gateway.ssh.account openclaw");
    const moved = await m.says(
      "config set gateway.ssh.authorizedKeys /home/a/.ssh/authorized_keys",
    );
    await m.types(
      moved,
      "openclaw config set gateway.ssh.authorizedKeys /home/a/.ssh/authorized_keys --force",
    );
  }),
  situation("ssh: keys stay after the bad day", async (m) => {
    await m.start({
      flags: { "gateway.auth.mode": "password" },
      password: "before-0123456789",
      token: null,
    });
    await comesIn(m, ["operator.admin"]);
    await add(m, 1, "--name", "phone");
    const told = await m.says("devices revoke-all --yes --force");
    await m.types(told, "openclaw ssh list");
    await m.types(told, "openclaw ssh remove NAME", { fill: { NAME: "phone" } });
    const input = "a-good-password-0123";
    await m.types(told, "openclaw config set gateway.password - --revoke-derived", { input });
    expect((await m.says("devices revoke-all --yes --force")).text).not.toContain("SSH key");
  }),
];

const answers: readonly Situation[] = [
  situation("ssh: what an approver is told to type", async (m) => {
    await m.start();
    const key = await approver(m);
    const unknown = await m.tells(() => ask(m, key, "show", { requestId: "0000-0000" }));
    expect(await verb(m, unknown, /^list$/, key)).not.toBe("");
    const { code } = await asks(m, { scopes: ["operator.read", "operator.write"] });
    const card = await m.tells(() => ask(m, key, "show", { requestId: code }));
    expect(await verb(m, card, /^approve .* without nodes$/, key)).not.toBe("");
  }),
];

export const sshSituations = [...keys, ...answers];
