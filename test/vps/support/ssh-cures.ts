import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { requestOf } from "../../../src/dashboard/parse.ts";
import { makeDevice, RawClient } from "../../kit/client.ts";
import type { Result } from "../../kit/outcome.ts";
import type { Vps } from "../../kit/vps.ts";
import { makeKey } from "../../release/support/release.ts";
import { FarComputer, NEAR } from "./far-computer.ts";
import { Login } from "./login.ts";
import type { Owner } from "./owner.ts";
import { named, Reader, typesFar } from "./told.ts";

/** A machine with a gateway that the installer put there, and approval over SSH off. */
export interface SshMachine {
  readonly vps: Vps;
  readonly owner: Owner;
  /** Where the gateway listens. */
  readonly gateway: number;
  readonly temp: string;
  /** Of `ownSsh`. */
  readonly tools: string;
  /** A key that may approve, in the list as `phone`. */
  readonly phone: Login;
  /** Where the installer was got, and what it said. */
  readonly from: string;
  readonly installed: Result;
}

const DROP_INS = "/etc/ssh/sshd_config.d";
const BLOCK = "/opt/openclaw-gateway/ssh/.ssh/authorized_keys";
const YES = { answers: { "Do it": "y" } };

/** The situations in which `openclaw ssh` and what belongs to it tell an owner what to type; each leaves nothing. */
export class SshCures {
  readonly #reader: Reader;

  constructor(private readonly m: SshMachine) {
    this.#reader = new Reader(m.vps);
  }

  readonly #says = (line: string) => this.#reader.does(line);
  readonly #write = (path: string, text: string) => this.m.vps.ok(["tee", path], { input: text });
  readonly #enable = () => this.#says("openclaw ssh enable --yes");
  readonly #disable = () => this.m.vps.ok(["openclaw", "ssh", "disable", "--yes"]);

  /** A device that waits, with what it was told; `in()` resolves once it is let in. */
  async #waits() {
    const client = await RawClient.open(`ws://127.0.0.1:${this.m.gateway}`);
    const ask = { device: makeDevice(), caps: ["pairing-wait"], scopes: ["operator.read"] };
    const { error } = await client.connect(ask);
    const said = { code: 0, stdout: `${error.details.sshCommand}\n`, stderr: "" };
    const isIn = async () => {
      await client.challenge(1);
      client.ws.terminate();
    };
    return { details: error.details, code: String(error.details.requestId), said, in: isIn };
  }

  async #doctor(id: string) {
    const { stdout } = await this.#says("openclaw doctor --json");
    return JSON.parse(stdout).find((finding: { id: string }) => finding.id === id);
  }

  /** Where the owner, and where an approver, types what the machine says. */
  get #far() {
    const { owner, phone, tools } = this.m;
    return { owner: { login: owner, tools }, phone: { login: phone, tools } };
  }

  /** What the installer says at its end, and of a command line that it does not understand. */
  async installation(): Promise<void> {
    const { types } = this.#bound();
    const { from, installed, vps } = this.m;
    expect((await types(installed, "openclaw")).stdout).toContain("running");
    const link = await types(installed, "openclaw devices invite --scopes owner");
    const bootstrapToken = /#invite=([\w-]+)/.exec(link.stdout)?.[1] ?? "";
    const client = await RawClient.open(`ws://127.0.0.1:${this.m.gateway}`);
    const owner = { device: makeDevice(), auth: { bootstrapToken }, scopes: ["operator.admin"] };
    expect((await client.connect(owner)).ok).toBe(true);
    client.ws.terminate();
    await types(installed, "openclaw ssh enable", YES);
    const kept = "sh /opt/openclaw-gateway/current/install/install.sh";
    const plan = () => this.#says(`${kept} --uninstall --dry-run`);
    await types(await plan(), "openclaw ssh disable", YES);
    expect((await plan()).stdout).not.toContain("approval over SSH");
    const config = "/etc/openclaw-gateway/openclaw.json";
    const file = await this.#says(`cat ${config}`);
    const setting = { KEY: "gateway.name", VALUE: "Haus" };
    await types(file, "openclaw config set KEY VALUE", { fill: setting });
    expect(await vps.ok(["openclaw", "config", "get", "gateway.name"])).toBe("Haus\n");
    await types(file, "openclaw config validate");
    await vps.ok(["openclaw", "config", "unset", "gateway.name"]);
    expect(await vps.ok(["cat", config])).toBe(file.stdout);
    const get = `curl -fsSL ${from}/install.sh`;
    const piped = await this.#says(`${get} | bash -s -- --bogus`);
    expect((await types(piped, `${get} | bash -s -- --help`)).stdout).toContain("--dry-run");
    expect((await types(await this.#says(`${kept} --bogus`), `${kept} --help`)).code).toBe(0);
    await vps.ok(["useradd", "ann"]);
    const user = await this.#reader.does(`${get} | bash`, { user: "ann" });
    await vps.ok(["userdel", "ann"]);
    const { gateway } = this.m;
    const fill = { "sudo bash": `bash -s -- --no-nginx --port ${gateway}` };
    const again = await types(user, `${get} | sudo bash`, { fill });
    expect(again.stdout).toContain("Nothing to change");
  }

  /** A link that opens on this machine alone, opened on another one. */
  async tunnel(): Promise<void> {
    const { vps, owner, gateway, tools } = this.m;
    const { port, key } = owner.facts;
    const wire = `${DROP_INS}/port-wire.conf`;
    const far = await FarComputer.wired();
    try {
      await this.#write(wire, `ListenAddress ${NEAR}:${port}\n`);
      await vps.ok(["systemctl", "restart", "ssh"]);
      const env = { ...process.env, PATH: `${tools}:${process.env["PATH"]}`, KEY: key };
      const session = `ssh -p ${port} root@${NEAR}`;
      const invited = await far.does(`${session} openclaw devices invite`, env);
      const command = `ssh -p ${port} -N -L ${gateway}:127.0.0.1:${gateway} root@${NEAR}`;
      const page = `curl -fsS http://127.0.0.1:${gateway}/healthz`;
      expect((await far.does(page)).code).not.toBe(0);
      const open = named(invited, command);
      const line = `${open} & until ${page}; do sleep 0.05; done; kill $!`;
      expect((await far.does(line, env)).stdout).toContain('"ok":true');
    } finally {
      await far.close();
      await vps.ok(["rm", "-f", wire]);
      await vps.ok(["systemctl", "restart", "ssh"]);
    }
    const { invites } = JSON.parse(
      await vps.ok(["openclaw", "devices", "invite", "list", "--json"]),
    );
    for (const { inviteId } of invites) {
      await vps.ok(["openclaw", "devices", "invite", "revoke", inviteId]);
    }
  }

  /** The last of all: the gateway goes, and what it knows stays. */
  async takenOff(): Promise<void> {
    const uninstall = "sh /opt/openclaw-gateway/current/install/install.sh --uninstall";
    await this.#reader.types(this.m.installed, uninstall);
    expect((await this.#says("openclaw")).code).toBe(127);
    expect((await this.#says("ls /var/lib/openclaw-gateway/gateway.journal")).code).toBe(0);
  }

  /** From the first look at the help to a device that the owner's phone let in. */
  async fromHelpToApproval(): Promise<void> {
    const { types } = this.#bound();
    const bare = await this.#waits();
    const page = requestOf(bare.details, { host: "machine", skew: 0 });
    const onPage = { code: 0, stdout: `${page?.ssh}\n`, stderr: "" };
    await typesFar(this.#far.owner, onPage, { command: onPage.stdout.trim() });
    await bare.in();
    const settings = await this.#says("openclaw config --help");
    await this.m.vps.ok(["openclaw", "ssh", "remove", "phone"]);
    const on = await types(settings, "openclaw ssh enable", YES);
    const host = "openclaw config set gateway.ssh.host gateway.example.com";
    await types(on, host, { fill: { "gateway.example.com": "127.0.0.1" } });
    await this.#write("/root/key.pub", await readFile(`${this.m.phone.facts.key}.pub`, "utf8"));
    const key = { "key.pub": "/root/key.pub" };
    await types(on, "openclaw ssh add key.pub --name phone", { fill: key });
    await this.m.vps.ok(["rm", "/root/key.pub"]);
    const asks = await this.#waits();
    await typesFar(this.#far.phone, asks.said, { command: asks.said.stdout.trim() });
    await asks.in();
    const off = await types(on, "openclaw ssh disable", YES);
    expect((await types(off, "openclaw ssh list")).stdout).toContain("phone");
    const help = await this.#says("openclaw ssh --help");
    await types(help, "openclaw ssh enable", YES);
    const lines = [
      [help, "ssh openclaw@<host> approve 7F3K-Q2MN", "phone"],
      [settings, "ssh <account>@<host> approve CODE", "phone"],
      [settings, "ssh <target> openclaw devices approve CODE", "owner"],
    ] as const;
    for (const [said, command, who] of lines) {
      const { code, in: isIn } = await this.#waits();
      const names = { "<target>": "root@machine", "<account>": "openclaw", "<host>": "machine" };
      const fill = { ...names, CODE: code, "7F3K-Q2MN": code };
      await typesFar(this.#far[who], said, { command, fill });
      await isIn();
    }
    await this.#disable();
  }

  /** Who lacks the rights, and who has the other way on. */
  async otherUserOtherWay(): Promise<void> {
    const { types } = this.#bound();
    const { vps } = this.m;
    await vps.ok(["useradd", "--create-home", "--groups", "openclaw", "ann"]);
    const ann = { user: "ann" };
    const asked = await this.#reader.does("openclaw ssh enable", ann);
    await types(asked, "sudo openclaw ssh enable", YES);
    const block = await this.#says("openclaw ssh enable --authorized-keys");
    await types(block, "openclaw ssh disable", YES);
    await types(block, "openclaw ssh enable --authorized-keys", YES);
    await this.#answers();
    const dropIn = await this.#says("openclaw ssh enable");
    await types(dropIn, "openclaw ssh disable", YES);
    await types(dropIn, "openclaw ssh enable", YES);
    await this.#answers();
    const off = await this.#reader.does("openclaw ssh disable", ann);
    await types(off, "sudo openclaw ssh disable", YES);
    await vps.ok(["userdel", "--remove", "ann"]);
  }

  /** Accounts and groups of these names that are somebody else's. */
  async namesThatAreTaken(): Promise<void> {
    const { types } = this.#bound();
    const { vps } = this.m;
    const uses = (group: string) => this.#says(`id -nG ann | grep -qw ${group}`);
    await vps.ok(["useradd", "--create-home", "ann"]);
    await vps.ok(["gpasswd", "-a", "ann", "openclaw-ssh"]);
    await types(await this.#enable(), "gpasswd -d ann openclaw-ssh");
    expect((await uses("openclaw-ssh")).code).toBe(1);
    // A group that is somebody's first one is not left by gpasswd.
    await vps.ok(["usermod", "--gid", "openclaw-ssh", "ann"]);
    const fill = { GROUP: "users" };
    await types(await this.#enable(), "usermod -g GROUP ann", { fill });
    expect((await uses("openclaw-ssh")).code).toBe(1);
    await vps.ok(["useradd", "openclaw", "--no-user-group"]);
    const other = await this.#enable();
    await types(other, "openclaw ssh enable --account openclaw-approve", YES);
    const named = new Login({ ...this.m.phone.facts, user: "openclaw-approve" });
    expect((await named.ssh("list")).code).toBe(0);
    await this.#disable();
    expect((await vps.exec(["id", "openclaw"])).code).toBe(0);
    for (const name of ["ann", "openclaw"]) await vps.ok(["userdel", "--remove", "--force", name]);
    await vps.ok(["groupdel", "ann"]);
  }

  /** sshd refuses its configuration, another block decides, or sshd refuses the account. */
  async sshdInTheWay(): Promise<void> {
    const { types } = this.#bound();
    const { vps } = this.m;
    const file = `${DROP_INS}/00-aaa.conf`;
    const shows = async (text: string, command: string, fact: string, how = {}) => {
      await this.#write(file, text);
      await vps.ok(["sh", "-c", "sshd -t && systemctl reload ssh || :"]);
      const shown = await types(await this.#enable(), command, how);
      expect(`${shown.stdout}${shown.stderr}`).toContain(fact);
    };
    await shows("PermitRootLogon yes\n", "sshd -t", `${file}: line 1`, { exit: 255 });
    const way = "host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22,rdomain=";
    const fill = { "<account>": "openclaw" };
    const own = "Match User openclaw\n  AuthorizedKeysCommand none\n";
    const print = `sshd -T -C user=<account>,${way}`;
    await shows(own, print, "authorizedkeyscommand none", { fill });
    const log = "journalctl -u ssh -n 20 --no-pager";
    await shows("DenyUsers openclaw\n", log, "User openclaw from 127.0.0.1 not allowed");
    await vps.ok(["rm", file]);
    await vps.ok(["systemctl", "reload", "ssh"]);
    await vps.ok(["chmod", "777", "/opt/openclaw-gateway"]);
    const loose = await types(await this.#enable(), "ls -ld /opt/openclaw-gateway");
    expect(loose.stdout).toContain("drwxrwxrwx");
    await vps.ok(["chmod", "755", "/opt/openclaw-gateway"]);
    await this.#disableAgain(await this.#enable());
  }

  /** What enable made was changed, and what it left when it was killed. */
  async changedAndLeftOver(): Promise<void> {
    const { types } = this.#bound();
    const { vps } = this.m;
    await this.#enable();
    await vps.ok(["chmod", "777", "/opt/openclaw-gateway/ssh/answer.sh"]);
    const changed = await this.#doctor("ssh.setup");
    await types(text(changed.message), "openclaw ssh enable", YES);
    expect(await this.#doctor("ssh.setup")).toMatchObject({ level: "ok" });
    await vps.ok(["gpasswd", "-a", "openclaw", "openclaw"]);
    expect(await this.#doctor("ssh.groups")).toMatchObject({ level: "fail" });
    await types(await this.#says("openclaw doctor"), "gpasswd -d openclaw openclaw");
    expect(await this.#doctor("ssh.groups")).toMatchObject({ level: "ok" });
    // A proof that was killed leaves its key.
    const input = await readFile(`${await makeKey(this.m.temp, "killed")}.pub`, "utf8");
    const name = "proof of openclaw ssh enable";
    await vps.ok(["openclaw", "ssh", "add", "-", "--name", `${name} 77`], { input });
    const list = await this.#says("openclaw ssh list --json");
    const left = JSON.parse(list.stdout).keys.find((key: { name: string }) => key.name !== "phone");
    await types(text(left.name.replace(/ \d+$/, "")), "openclaw ssh enable", YES);
    expect((await this.#says("openclaw ssh list --json")).stdout).not.toContain(name);
    await this.#write(`${DROP_INS}/00-aaa.conf`, "Match User openclaw\n  PermitTTY yes\n");
    await vps.ok(["systemctl", "reload", "ssh"]);
    expect(await this.#doctor("ssh.setup")).toMatchObject({ level: "fail" });
    await types(await this.#says("openclaw doctor"), "openclaw ssh disable", YES);
    expect(await this.#doctor("ssh.setup")).toMatchObject({ level: "ok" });
    await vps.ok(["rm", `${DROP_INS}/00-aaa.conf`]);
    await vps.ok(["systemctl", "reload", "ssh"]);
  }

  /** The keys don't get to where sshd looks for them. */
  async keysThatDoNotArrive(): Promise<void> {
    const { types } = this.#bound();
    const { vps } = this.m;
    const folder = "/run/openclaw-gateway/keys";
    await this.#enable();
    await vps.ok(["rm", "-rf", folder]);
    await vps.ok(["mkdir", "-p", `${folder}/approvers`]);
    const looked = await types(await this.#enable(), `ls -la ${folder}`);
    expect(looked.stdout).toMatch(/^d.* approvers$/m);
    await vps.ok(["rmdir", `${folder}/approvers`]);
    expect((await this.#enable()).code).toBe(0);
    await this.#answers();
    await this.#disable();
  }

  /** A block in a file of root's: gone, and with a key that stands outside of it too. */
  async blockOfRoots(): Promise<void> {
    const { types } = this.#bound();
    const { vps } = this.m;
    const on = "openclaw ssh enable --authorized-keys";
    expect((await this.#says(`${on} --yes`)).code).toBe(0);
    await vps.ok(["rm", "-r", BLOCK.replace(/\/[^/]+$/, "")]);
    const next = await readFile(`${await makeKey(this.m.temp, "next")}.pub`, "utf8");
    const add = { input: next };
    const added = await vps.exec(["openclaw", "ssh", "add", "-", "--name", "next"], add);
    await types(added, on, YES);
    expect(await vps.ok(["cat", BLOCK])).toContain(next.split(" ")[1]);
    await this.#answers();
    // Whoever writes a line of their own there gives the key more than to approve.
    await vps.ok(["openclaw", "ssh", "remove", "next"]);
    await this.#write(BLOCK, `${next}${await vps.ok(["cat", BLOCK])}`);
    const twice = await vps.exec(["openclaw", "ssh", "add", "-", "--name", "next"], add);
    const [remove = ""] = /openclaw ssh remove SHA256:\S+/.exec(twice.stderr) ?? [];
    await types(twice, remove);
    expect((await this.#says(`${on} --yes`)).code).toBe(0);
    await this.#answers();
    await this.#disable();
  }

  /** Turning it off where something can't be taken away, and where a key is the last way in. */
  async turningItOff(): Promise<void> {
    const { types } = this.#bound();
    const { vps } = this.m;
    const file = "/etc/tmpfiles.d/openclaw-gateway-ssh.conf";
    await this.#enable();
    await vps.ok(["mount", "--bind", file, file]);
    const stuck = await this.#says("openclaw ssh disable --yes");
    await vps.ok(["umount", file]);
    await types(stuck, "openclaw ssh disable", YES);
    expect((await vps.exec(["test", "-e", file])).code).toBe(1);
    const roots = await readFile(`${await makeKey(this.m.temp, "roots")}.pub`, "utf8");
    await vps.ok(["openclaw", "devices", "revoke-all", "--yes", "--force"]);
    await this.#enable();
    const add = ["openclaw", "ssh", "add", "-", "--name", "yubikey", "--may", "admin"];
    await vps.ok(add, { input: roots });
    const last = await this.#says("openclaw ssh disable --yes");
    await types(last, "openclaw ssh disable --force", YES);
    expect((await this.m.phone.ssh("list")).code).toBe(255);
    await vps.ok(["openclaw", "ssh", "remove", "yubikey"]);
  }

  #bound() {
    return {
      types: (...args: Parameters<Reader["types"]>) => this.#reader.types(...args),
    };
  }

  async #answers(): Promise<void> {
    expect(await this.m.phone.ssh("list")).toMatchObject({ code: 0, stderr: "" });
  }

  /** It is on, and is turned off by what it says itself. */
  async #disableAgain(on: Result): Promise<void> {
    await this.#answers();
    await this.#reader.types(on, "openclaw ssh disable", YES);
  }
}

/** What the doctor says in one place, or a list: as a program's output. */
const text = (stdout: string): Result => ({ code: 0, stdout: `${stdout}\n`, stderr: "" });

/** Those that leave the machine as it was. */
export const situations: readonly (readonly [
  what: string,
  see: (cures: SshCures) => Promise<void>,
])[] = [
  ["the installer's words", (cures) => cures.installation()],
  ["from its help to a device that is let in", (cures) => cures.fromHelpToApproval()],
  ["a tunnel from another computer", (cures) => cures.tunnel()],
  ["another user, and the other way", (cures) => cures.otherUserOtherWay()],
  ["names that are taken", (cures) => cures.namesThatAreTaken()],
  ["sshd in the way", (cures) => cures.sshdInTheWay()],
  ["what was changed, and left over", (cures) => cures.changedAndLeftOver()],
  ["keys that don't arrive", (cures) => cures.keysThatDoNotArrive()],
  ["a block in a file of root's", (cures) => cures.blockOfRoots()],
  ["turning it off", (cures) => cures.turningItOff()],
];
