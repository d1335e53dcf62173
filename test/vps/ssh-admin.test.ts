import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Publisher } from "../install/support.ts";
import type { Result } from "../kit/outcome.ts";
import { until } from "../kit/until.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { makeKey, RELEASE_MS } from "../release/support/release.ts";
import { Login } from "./support/login.ts";
import { ownSsh } from "./support/own-ssh.ts";
import { Owner } from "./support/owner.ts";
import { publishRelease } from "./support/published.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";
import { SshCures, situations } from "./support/ssh-cures.ts";

/** In the machine's own network. */
const [GATEWAY, SSH] = [29_691, 29_692];
const DROP_INS = "/etc/ssh/sshd_config.d";
const DROP_IN = `${DROP_INS}/00-openclaw-gateway.conf`;
const BLOCK = "/opt/openclaw-gateway/ssh/.ssh/authorized_keys";

const reason = whyNoVps();
if (reason) console.log(`The tests of an admin's own sshd settings are skipped: ${reason}.`);

let temp: string;
let publisher: Publisher;
let vps: Vps;
let owner: Owner;
let phone: Login;
let publicKey: string;
let installed: Map<string, string>;
/** What the installer said. */
let said: Result;
let cures: SshCures;

const enable = (...words: string[]): Promise<Result> =>
  vps.exec(["openclaw", "ssh", "enable", "--yes", ...words]);
/** sshd's port is closed for a moment then. */
const reload = async () => {
  await vps.ok(["systemctl", "reload", "ssh"]);
  await sleep(100);
  await until(async () => (await owner.ssh("true")).code === 0, "sshd to be back");
};
const write = (path: string, text: string) => vps.ok(["tee", path], { input: text });

/** What the doctor says of one check. */
async function doctor(id: string): Promise<{ level: string; message: string }> {
  const { stdout } = await vps.exec(["openclaw", "doctor", "--json"]);
  return JSON.parse(stdout).find((finding: { id: string }) => finding.id === id);
}

const expectAnswers = async () => {
  expect(await phone.ssh("list")).toMatchObject({ code: 0, stderr: "" });
  expect(await phone.ssh("id")).toMatchObject({ code: 2, stdout: "" });
};

describe.skipIf(reason !== undefined)("approval over SSH beside an admin's own settings", () => {
  beforeAll(async () => {
    temp = await mkdtemp(join(tmpdir(), "ssh-admin-vps-"));
    publisher = await Publisher.start(join(temp, "release"));
    await publishRelease(join(temp, "release"), { url: publisher.url, key: await makeKey(temp) });
    vps = await Vps.boot("rented");
    owner = await Owner.of(vps, temp, SSH);
    const line = `curl -fsSL ${publisher.url}/install.sh | bash -s -- --no-nginx --port ${GATEWAY}`;
    said = await vps.exec(["bash", "-c", line]);
    expect(said).toMatchObject({ code: 0 });
    const key = await makeKey(temp, "phone");
    publicKey = await readFile(`${key}.pub`, "utf8");
    await vps.ok(["openclaw", "ssh", "add", "-", "--name", "phone"], { input: publicKey });
    phone = new Login({ ...owner.facts, key, user: "openclaw" });
    installed = await snapshot(vps);
  }, RELEASE_MS + BASE_MS);
  afterEach(async () => {
    // Whatever a test did, the owner still comes in.
    await until(async () => (await owner.ssh("true")).code === 0, "the owner to come in");
  });
  afterAll(async () => {
    await vps?.close();
    await publisher?.close();
    await rm(temp, { recursive: true, force: true });
  });

  describe("what it tells an owner to type helps", () => {
    beforeAll(async () => {
      const tools = await ownSsh(temp, phone.facts);
      const from = publisher.url;
      const machine = { vps, owner, gateway: GATEWAY, temp, tools, phone, from, installed: said };
      cures = new SshCures(machine);
    });
    afterEach(async () => expect(changesOf(installed, await snapshot(vps))).toEqual([]));

    test.each(situations)("%s", (_what, see) => see(cures), STEP_MS);
  });

  test(
    "a command that the admin has everybody run does not reach the keys of approvers",
    async () => {
      // Such as bastions have: it notes what was asked, and runs it.
      await write("/usr/local/bin/bastion", '#!/bin/sh\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n');
      await vps.ok(["chmod", "755", "/usr/local/bin/bastion"]);
      await write(`${DROP_INS}/05-all.conf`, "ForceCommand /usr/local/bin/bastion\n");
      expect(await enable()).toMatchObject({ code: 0, stderr: "" });
      await expectAnswers();
      expect(await doctor("ssh.setup")).toMatchObject({ level: "ok" });
      // Without the line that keeps it off, it does.
      await vps.ok(["sed", "-i", "/ForceCommand none/d", DROP_IN]);
      await reload();
      expect((await phone.ssh("id")).stdout).toContain("(openclaw)");
      expect(await doctor("ssh.setup")).toMatchObject({
        level: "warn",
        message: expect.stringContaining(DROP_IN),
      });
      expect((await enable()).code).toBe(0);
      await expectAnswers();
      await vps.ok(["rm", `${DROP_INS}/05-all.conf`, "/usr/local/bin/bastion"]);
      await reload();
    },
    STEP_MS,
  );

  test(
    "a block of the admin's that would decide first is named, by enable and by the doctor",
    async () => {
      const file = `${DROP_INS}/00-lan.conf`;
      const lines = "Match Address 127.0.0.0/8\n  AuthorizedKeysFile /etc/ssh/shared_keys\n";
      // Somebody on the staff, whom it lets in as root, and as whom else?
      await vps.ok(["cp", "/root/.ssh/authorized_keys", "/etc/ssh/shared_keys"]);
      const staff = new Login({ ...owner.facts, user: "openclaw" });
      await write(file, lines);
      const { code, stderr } = await enable();
      expect(code).toBe(1);
      expect(stderr).toContain(`“Match Address 127.0.0.0/8” in ${file} comes before ours`);
      expect(stderr).toContain(`next: rename ${file}`);
      await reload();
      expect((await staff.ssh("id")).stdout).toContain("(openclaw)");
      expect(await doctor("ssh.setup")).toMatchObject({
        level: "fail",
        message: expect.stringContaining("AuthorizedKeysFile"),
      });
      await vps.ok(["mv", file, `${DROP_INS}/20-lan.conf`]);
      expect((await enable()).code).toBe(0);
      await expectAnswers();
      expect((await staff.ssh("id")).code).toBe(255);
      await vps.ok(["rm", `${DROP_INS}/20-lan.conf`, "/etc/ssh/shared_keys"]);
      await reload();
    },
    STEP_MS,
  );

  test(
    "ordinary blocks of the admin's are no obstacle, and mean afterwards what they meant before",
    async () => {
      const main = "/etc/ssh/sshd_config";
      const was = await vps.ok(["cat", main]);
      const more = [
        "PasswordAuthentication yes",
        "PermitRootLogin no",
        "Match User root",
        "  PasswordAuthentication no",
        "Match Address 127.0.0.0/8,::1",
        "  PermitRootLogin yes",
        "Match LocalPort 2222",
        "  X11Forwarding no",
      ];
      const lan = `${DROP_INS}/00-lan.conf`;
      const effective = (user: string) => {
        const who = `user=${user},host=h,addr=127.0.0.1,laddr=127.0.0.1,lport=22`;
        return vps.ok(["sshd", "-T", "-C", who]);
      };
      const all = () => Promise.all(["root", "nobody"].map(effective));
      await vps.exec(["openclaw", "ssh", "disable", "--yes"]);
      await write(main, `${was}\n${more.join("\n")}\n`);
      await write(lan, "Match Address 127.0.0.0/8\n  MaxAuthTries 4\n");
      await reload();
      const before = await all();
      expect(await enable()).toMatchObject({ code: 0, stderr: "" });
      await expectAnswers();
      expect(await all()).toEqual(before);
      expect(await doctor("ssh.setup")).toMatchObject({ level: "ok" });
      await vps.ok(["rm", lan]);
      await write(main, was);
      await reload();
    },
    STEP_MS,
  );

  test(
    "what somebody changed is found, and is right again after enable",
    async () => {
      const breaks = [
        ["chmod", "777", "/opt/openclaw-gateway/ssh/answer.sh"],
        ["sed", "-i", "s/restrict,//", "/opt/openclaw-gateway/ssh/keys.sh"],
        ["rm", "-r", "/run/openclaw-gateway/keys"],
        ["chown", "root:root", "/run/openclaw-gateway/keys"],
      ];
      for (const [at, break_] of breaks.entries()) {
        await vps.ok(break_);
        const found = [await doctor("ssh.setup"), await doctor("ssh.keys")];
        // The last is felt at the next change.
        if (break_[0] !== "chown") {
          expect(
            found.map(({ level }) => level),
            break_.join(" "),
          ).toContain("warn");
        }
        const added = await vps.exec(["openclaw", "ssh", "add", "-", "--name", "next"], {
          input: await readFile(`${await makeKey(temp, `next-${at}`)}.pub`, "utf8"),
        });
        expect(added.code).toBe(0);
        if (break_.at(-1)?.startsWith("/run/")) {
          expect(added.stderr).toContain("next: openclaw ssh enable");
        }
        await vps.ok(["openclaw", "ssh", "remove", "next"]);
        expect((await enable()).code).toBe(0);
        expect(await doctor("ssh.setup")).toMatchObject({ level: "ok" });
        expect(await doctor("ssh.keys")).toMatchObject({ level: "ok" });
        await expectAnswers();
      }
    },
    STEP_MS,
  );

  test(
    "an error of the admin's own stops enable, not disable, and ends sshd in neither",
    async () => {
      const file = `${DROP_INS}/90-mistake.conf`;
      await write(file, "PermitRootLogon yes\n");
      const { code, stderr } = await enable();
      expect(code).toBe(1);
      expect(stderr).toContain("sshd does not accept its configuration");
      const off = await vps.exec(["openclaw", "ssh", "disable", "--yes"]);
      expect(off.code).toBe(0);
      expect(off.stdout).toContain("once that is mended: systemctl reload ssh");
      expect((await phone.ssh("list")).code).toBe(255);
      await vps.ok(["rm", file]);
      await reload();
      expect(changesOf(installed, await snapshot(vps))).toEqual([]);
    },
    STEP_MS,
  );

  test(
    "where the first connection starts sshd, it may never have run, and has no folder of its own",
    async () => {
      const socket = `[Socket]\nListenStream=\nListenStream=127.0.0.1:${SSH}\n`;
      const folder = "/etc/systemd/system/ssh.socket.d";
      const waits = async () => {
        await vps.ok(["systemctl", "stop", "ssh.service"]);
        expect((await vps.exec(["sshd", "-t"])).stderr).toContain("/run/sshd");
      };
      await vps.ok(["mkdir", "-p", folder]);
      await write(`${folder}/port.conf`, socket);
      await vps.ok(["systemctl", "daemon-reload"]);
      await waits();
      await vps.ok(["systemctl", "start", "ssh.socket"]);
      expect(await enable()).toMatchObject({ code: 0, stderr: "" });
      await expectAnswers();
      await waits();
      expect(await doctor("ssh.setup")).toMatchObject({ level: "ok" });
      await expectAnswers();
      await vps.ok(["systemctl", "stop", "ssh.socket", "ssh.service"]);
      await vps.ok(["rm", "-r", folder]);
      await vps.ok(["systemctl", "daemon-reload"]);
      await vps.ok(["systemctl", "start", "ssh.service"]);
    },
    STEP_MS,
  );

  test(
    "enable and disable may be killed anywhere, and are repeated",
    async () => {
      const killed = async (words: string[], ms: number) => {
        const unit = `killed-${words[1]}-${ms}`;
        const command = ["openclaw", ...words, "--yes"];
        await vps.ok(["systemd-run", "-q", `--unit=${unit}`, ...command]);
        await sleep(ms);
        await vps.exec(["systemctl", "kill", "--signal=KILL", unit]);
        await until(async () => {
          const state = await vps.property(unit, "ActiveState");
          return state === "inactive" || state === "failed";
        }, "its end");
        await vps.exec(["systemctl", "reset-failed", unit]);
        await vps.ok(["sshd", "-t"]);
        await until(async () => (await owner.ssh("true")).code === 0, "the owner to come in");
      };
      for (const ms of [150, 300, 450, 600, 900, 1_300]) await killed(["ssh", "enable"], ms);
      expect(await enable()).toMatchObject({ code: 0, stderr: "" });
      await expectAnswers();
      const { keys } = JSON.parse(await vps.ok(["openclaw", "ssh", "list", "--json"]));
      expect(keys.map(({ name }: { name: string }) => name)).toEqual(["phone"]);
      for (const ms of [200, 400]) await killed(["ssh", "disable"], ms);
      expect((await vps.exec(["openclaw", "ssh", "disable", "--yes"])).code).toBe(0);
      expect((await phone.ssh("list")).code).toBe(255);
      expect(changesOf(installed, await snapshot(vps))).toEqual([]);
    },
    STEP_MS,
  );

  test(
    "where sshd reads no drop-ins: a block in a file of root's, for the same account",
    async () => {
      const own = `s#^Include .*#Include ${DROP_INS}/port.conf#`;
      await vps.ok(["sed", "-i", own, "/etc/ssh/sshd_config"]);
      await reload();
      const refused = await enable();
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("next: openclaw ssh enable --authorized-keys");
      const said = await enable("--authorized-keys", "--host", "127.0.0.1");
      expect(said).toMatchObject({ code: 0, stderr: "" });
      expect(said.stdout).toContain(`ssh -p ${SSH} openclaw@127.0.0.1 approve CODE`);
      await expectAnswers();
      expect(await doctor("ssh.setup")).toMatchObject({ level: "ok" });
      const forward = `${GATEWAY + 9}:127.0.0.1:${GATEWAY}`;
      for (const words of [["-W", `127.0.0.1:${GATEWAY}`], ["-N", "-R", forward], ["-tt"]]) {
        const { code } = await phone.with(["-o", "ExitOnForwardFailure=yes", ...words]);
        expect(code, words.join(" ")).not.toBe(0);
      }
      await vps.ok(["openclaw", "ssh", "remove", "phone"]);
      expect((await phone.ssh("list")).code).toBe(255);
      expect(await vps.ok(["cat", BLOCK])).not.toContain("restrict,command=");
      await vps.ok(["openclaw", "ssh", "add", "-", "--name", "phone"], { input: publicKey });
      await expectAnswers();
    },
    STEP_MS,
  );

  test(
    "a gateway that was taken over gets root to write no key but those that only approve",
    async () => {
      const roots = "/root/.ssh/authorized_keys";
      const before = await vps.ok(["cat", roots]);
      const evil = await readFile(`${await makeKey(temp, "evil")}.pub`, "utf8");
      const [type = "", blob = ""] = evil.split(" ");
      await vps.ok(["systemctl", "stop", "openclaw-gateway"]);
      for (const named of [roots, BLOCK]) {
        const key = {
          fingerprint: `SHA256:${"a".repeat(43)}`,
          publicKey: `# x\n${type} ${blob}`,
          name: "phone",
          may: ["operator"],
          addedAtMs: 1,
        };
        const ssh = { account: "openclaw", port: 22, authorizedKeys: named };
        const answers = {
          "config.get": { config: { gateway: { ssh } } },
          "host.info": { stateDir: "/root/.ssh", adminSocket: "/root/.ssh/admin.sock" },
          "host.ssh.add": { key },
          "host.ssh.list": { keys: [key] },
        };
        const forged = `
          const answers = ${JSON.stringify(answers)};
          require("node:net").createServer((socket) => {
            socket.setEncoding("utf8").on("data", (text) => {
              for (const line of text.trim().split("\\n")) {
                const { id, method } = JSON.parse(line);
                const payload = answers[method] ?? {};
                socket.write(JSON.stringify({ type: "res", id, ok: true, payload }) + "\\n");
              }
            });
          }).listen("/run/openclaw-gateway/admin/admin.sock");`;
        await write("/tmp/forged.cjs", forged);
        await vps.ok(["rm", "-f", "/run/openclaw-gateway/admin/admin.sock"]);
        const node = ["/opt/openclaw-gateway/current/bin/node", "/tmp/forged.cjs"];
        await vps.ok(["systemd-run", "-q", "--unit=forged", "--uid=openclaw-gateway", ...node]);
        await until(
          async () =>
            (await vps.exec(["test", "-S", "/run/openclaw-gateway/admin/admin.sock"])).code === 0,
          "the forged socket",
        );
        const said = await vps.exec(["openclaw", "ssh", "add", "-", "--name", "other"], {
          input: publicKey,
        });
        expect(said.stderr).toContain(
          named === roots ? `${roots} was left as it is` : "the gateway named a key that is none",
        );
        await vps.ok(["systemctl", "stop", "forged"]);
        expect(await vps.ok(["cat", roots])).toBe(before);
        expect(await vps.ok(["cat", BLOCK])).not.toContain(blob);
      }
      await vps.ok(["rm", "-f", "/tmp/forged.cjs", "/run/openclaw-gateway/admin/admin.sock"]);
      await vps.ok(["systemctl", "start", "openclaw-gateway"]);
      await expectAnswers();
      expect((await vps.exec(["openclaw", "ssh", "disable", "--yes"])).code).toBe(0);
      expect((await phone.ssh("list")).code).toBe(255);
    },
    STEP_MS,
  );

  test("what the installer says of taking it off", () => cures.takenOff(), STEP_MS);
});
