import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Publisher } from "../install/support.ts";
import { builtProgram } from "../kit/build.ts";
import { type Frame, makeDevice, RawClient } from "../kit/client.ts";
import { until } from "../kit/until.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { makeKey, RELEASE_MS } from "../release/support/release.ts";
import { randomLines } from "./support/lines.ts";
import { type Held, Login, run } from "./support/login.ts";
import { Owner } from "./support/owner.ts";
import { publishRelease } from "./support/published.ts";
import { changesOf, snapshot } from "./support/snapshot.ts";

/** In the machine's own network. */
const [GATEWAY, SSH, FREE, ANNS] = [29_661, 29_662, 29_663, 29_664];
const HELP = expect.stringContaining("This key approves devices.");
const RANDOM_LINES = 10_000;
const LANES = 4;

const reason = whyNoVps();
if (reason) console.log(`The tests of approval over SSH are skipped: ${reason}.`);

let temp: string;
let publisher: Publisher;
let vps: Vps;
let owner: Owner;
let bare: Map<string, string>;
let installed: Map<string, string>;
const clients: RawClient[] = [];

/** Somebody with a key that the owner let approve. */
async function approver(name: string, ...options: string[]): Promise<Login> {
  const key = await makeKey(temp, name);
  const publicKey = await readFile(`${key}.pub`, "utf8");
  const words = ["openclaw", "ssh", "add", "-", "--name", name, ...options];
  await vps.ok(words, { input: publicKey });
  return new Login({ ...owner.facts, key, user: "openclaw" });
}

const json = async (...words: string[]): Promise<Frame> =>
  JSON.parse(await vps.ok(["openclaw", ...words, "--json"]));

interface Asks {
  readonly scopes?: readonly string[];
  readonly role?: string;
  readonly name?: string;
  readonly port?: number;
}

/** A device that waits: its connection, its id, and the code of its request. */
async function waits({ scopes = ["operator.read"], role, name = "Tablet", ...asks }: Asks = {}) {
  const client = await RawClient.open(`ws://127.0.0.1:${asks.port ?? GATEWAY}`);
  clients.push(client);
  const device = makeDevice();
  const about = { displayName: name, platform: "linux" };
  const answer = await client.connect({
    device,
    caps: ["pairing-wait"],
    ...(role === undefined ? { scopes } : { role }),
    client: role === "node" ? { ...about, id: "node-host", mode: "node" } : about,
  });
  return { client, deviceId: device.deviceId, code: String(answer.error.details.requestId) };
}

/** What must not change by anything that is refused. */
async function state(): Promise<unknown> {
  const { pending, paired } = await json("devices", "list");
  const audit = await vps.ok(["openclaw", "audit", "--json"]);
  return { pending: pending.length, paired: paired.length, audit: audit.split("\n").length };
}

describe.skipIf(reason !== undefined)("approval over SSH on a rented Debian 13", () => {
  beforeAll(async () => {
    temp = await mkdtemp(join(tmpdir(), "ssh-vps-"));
    publisher = await Publisher.start(join(temp, "release"));
    await publishRelease(join(temp, "release"), { url: publisher.url, key: await makeKey(temp) });
    vps = await Vps.boot("rented");
    owner = await Owner.of(vps, temp, SSH);
    bare = await snapshot(vps);
    const line = `curl -fsSL ${publisher.url}/install.sh | bash -s -- --no-nginx --port ${GATEWAY}`;
    await vps.ok(["bash", "-c", line]);
  }, RELEASE_MS + BASE_MS);
  afterAll(async () => {
    for (const { ws } of clients) ws.terminate();
    await vps?.close();
    await publisher?.close();
    await rm(temp, { recursive: true, force: true });
  });

  test(
    "enable shows what it does, proves itself, and changes nothing for the admin",
    async () => {
      installed = await snapshot(vps);
      const effective = () => vps.ok(["sshd", "-T", "-C", "user=root,host=h,addr=127.0.0.1"]);
      const before = await effective();
      const held = await owner.hold(join(temp, "root.ctl"));
      const planned = await vps.ok(["openclaw", "ssh", "enable", "--dry-run"]);
      expect(planned).toContain("Match User openclaw");
      expect(changesOf(installed, await snapshot(vps))).toEqual([]);
      const asked = await vps.exec(["openclaw", "ssh", "enable"]);
      expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining("--yes") });

      const said = await owner.ssh("openclaw", "ssh", "enable", "--yes", "--host", "127.0.0.1");
      expect(said.stdout).toContain("done: log in as openclaw with a throwaway key");
      expect(said.stdout).toContain(`ssh -p ${SSH} openclaw@127.0.0.1 approve CODE`);
      expect(said.code).toBe(0);
      expect((await json("ssh", "list"))["keys"]).toEqual([]);
      expect(await effective()).toBe(before);
      expect((await held.ssh("true")).code).toBe(0);
      await held.close();
      expect((await owner.ssh("true")).code).toBe(0);
      // The account opens the approve socket and no other.
      expect(await vps.ok(["id", "-nG", "openclaw"])).toBe("openclaw-ssh\n");
      expect(await vps.ok(["id", "-nG", "openclaw-keys"])).toBe("openclaw-keys\n");
      expect(await vps.ok(["openclaw", "ssh", "enable", "--yes"])).toContain("nothing to change");
    },
    STEP_MS,
  );

  test(
    "list, show, approve, reject and revoke, in lines that fit a phone",
    async () => {
      const phone = await approver("phone");
      const tablet = await waits({ name: "Ann's tablet" });
      const other = await waits({ name: "Stranger" });
      const lines: string[] = [];
      const says = async (...words: string[]) => {
        const { code, stdout, stderr } = await phone.ssh(...words);
        expect({ code, stderr }, words.join(" ")).toEqual({ code: 0, stderr: "" });
        lines.push(...stdout.split("\n"));
        return stdout;
      };
      const listed = await says("list");
      expect(listed).toContain("2 wait for approval.");
      for (const { code } of [tablet, other]) expect(listed).toContain(code);
      const shown = await says("show", tablet.code);
      const { gatewayFingerprint } = await json(
        "gateway",
        "call",
        "device.pair.show",
        "--params",
        JSON.stringify({ requestId: tablet.code }),
      );
      for (const fact of ["Ann's tablet", "linux", "operator", ...gatewayFingerprint.split("-")]) {
        expect(shown).toContain(fact);
      }
      // Typed as on a phone's keyboard.
      const approved = await says("approve", tablet.code.toLowerCase().replace("-", " "));
      expect(approved).toContain("Approved: “Ann's tablet”");
      await tablet.client.challenge(1);
      expect(await says("reject", other.code)).toContain("Rejected: “Stranger”");
      await until(() => other.client.closed, "the stranger to be told");
      expect(other.client.closed).toMatchObject({ code: 1008 });
      expect(await says("list")).toBe("Nobody waits for approval.\n");
      expect(await says("revoke", tablet.deviceId.slice(0, 12))).toContain(
        "Revoked: “Ann's tablet”",
      );
      const again = await phone.ssh("approve", tablet.code);
      expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("Nobody waits") });
      expect(await says("help")).toContain("approve CODE");
      expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(40);

      const audit = await vps.ok(["openclaw", "audit", "--json", "--since", "5m"]);
      const rows = audit
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const { keys } = await json("ssh", "list");
      const by = { kind: "ssh", id: keys[0].fingerprint };
      for (const event of ["device.approved", "device.rejected", "token.revoked"]) {
        expect(rows.filter((row) => row.event === event)).toEqual([
          expect.objectContaining({ by, from: "127.0.0.1" }),
        ]);
      }
      expect(await vps.ok(["openclaw", "audit", "verify"])).toContain("Every line follows");
    },
    STEP_MS,
  );

  test(
    "a key lets in what it was given the right for, and nothing more",
    async () => {
      const keys = {
        operator: await approver("for operators"),
        node: await approver("for nodes", "--may", "node"),
        admin: await approver("for everybody", "--may", "admin"),
      };
      const asks = { operator: {}, node: { role: "node" }, admin: { scopes: ["operator.admin"] } };
      for (const [right, login] of Object.entries(keys)) {
        for (const [what, ask] of Object.entries(asks)) {
          const { code } = await waits(ask);
          const { code: exit, stderr } = await login.ssh("approve", code);
          const may = right === "admin" || right === what;
          expect({ right, what, exit }).toEqual({ right, what, exit: may ? 0 : 1 });
          if (may) continue;
          expect(stderr).toContain("This key may not do that.");
          if (what !== "admin") expect((await login.ssh("reject", code)).code).toBe(1);
          await vps.ok(["openclaw", "devices", "reject", code]);
        }
      }
    },
    STEP_MS,
  );

  describe("everything else is refused", () => {
    let login: Login;
    let before: unknown;
    let waiting: Awaited<ReturnType<typeof waits>>;
    beforeAll(async () => {
      login = await approver("everything else", "--may", "admin");
      waiting = await waits({ name: "Waits all the time" });
      before = await state();
    });
    afterAll(async () => {
      expect(await state()).toEqual(before);
      expect((await login.ssh("show", waiting.code)).code).toBe(0);
      expect(
        (await vps.exec(["ls", "/tmp/pwned", "/opt/openclaw-gateway/ssh/pwned"])).code,
      ).not.toBe(0);
    });

    test("a shell, with a terminal and without", async () => {
      for (const options of [[], ["-tt"], ["-T"]]) {
        const { code, stdout, stderr } = await login.with(options);
        // Who insists on a terminal is hung up on.
        if (options[0] === "-tt") expect(code).toBe(255);
        else expect({ code, stdout, stderr }).toMatchObject({ code: 2, stderr: HELP });
      }
      const typed = await run("ssh", [...login.options, "--", login.target], {
        input: "id\nlist\n",
      });
      expect(typed.stdout).not.toMatch(/uid=|wait for approval/);
      const terminal = await login.with(["-tt", "-v"], "list");
      expect(terminal.stderr).toContain("PTY allocation request failed");
    });

    test("files: sftp, scp of both kinds, rsync's and git's programs", async () => {
      const { key } = login.facts;
      const options = login.options.map((word) => (word === "-p" ? "-P" : word));
      const from = `${login.target}:/etc/passwd`;
      const to = `${login.target}:/tmp/pwned`;
      const tries: [string, string[]][] = [
        ["sftp", [...options, "-b", "/dev/null", login.target]],
        ["scp", [...options, from, join(temp, "stolen")]],
        ["scp", ["-O", ...options, from, join(temp, "stolen")]],
        ["scp", [...options, `${key}.pub`, to]],
        ["scp", ["-O", ...options, `${key}.pub`, to]],
        ["ssh", [...login.options, "-s", login.target, "sftp"]],
        ["ssh", [...login.options, login.target, "rsync --server --sender . /etc/passwd"]],
        ["ssh", [...login.options, login.target, "git-upload-pack '/'"]],
        ["ssh", [...login.options, login.target, "scp -f /etc/passwd"]],
      ];
      for (const [program, words] of tries) {
        const { code } = await run(program, words);
        expect(code, `${program} ${words.at(-1)}`).not.toBe(0);
      }
      await expect(readFile(join(temp, "stolen"))).rejects.toThrow("ENOENT");
    });

    test(
      "forwarding of every kind, to the owner's socket above all",
      async () => {
        const admin = "/run/openclaw-gateway/admin/admin.sock";
        const through = async (option: string, use: () => Promise<boolean>) => {
          const fails = ["-o", "ExitOnForwardFailure=yes"];
          const holding = login.holding([...fails, ...option.split(" ")]);
          const got = await Promise.race([
            holding.ended.then(() => false),
            until(use, "an answer", 3_000).catch(() => false),
          ]);
          holding.end();
          await holding.ended;
          return got;
        };
        const health = async () =>
          (await fetch(`http://127.0.0.1:${FREE}/healthz`).catch(() => undefined))?.status === 200;
        expect(await through(`-L ${FREE}:127.0.0.1:${GATEWAY}`, health)).toBe(false);
        const socket = join(temp, "admin.sock");
        const program = await builtProgram();
        const owned = async (path = socket) => {
          // Without a socket it would answer from a state of this machine.
          const none = join(temp, "no-state");
          const env = { ...process.env, OPENCLAW_ADMIN_SOCKET: path, OPENCLAW_STATE_DIR: none };
          return (await run(process.execPath, [program, "devices", "list"], { env })).code === 0;
        };
        expect(await through(`-L ${socket}:${admin}`, () => owned())).toBe(false);
        expect(await through(`-R ${FREE}:127.0.0.1:${GATEWAY}`, health)).toBe(false);
        expect(
          await through(`-D ${FREE}`, async () => {
            const words = [
              "-fsS",
              "-x",
              `socks5h://127.0.0.1:${FREE}`,
              `http://127.0.0.1:${GATEWAY}/healthz`,
            ];
            return (await run("curl", words)).code === 0;
          }),
        ).toBe(false);
        const piped = await login.with(["-W", `127.0.0.1:${GATEWAY}`]);
        expect(piped.code).not.toBe(0);
        expect(piped.stderr).toMatch(/prohibited|failed/);
        expect((await login.with(["-w", "any", "-N"])).code).not.toBe(0);
        // The same asked by somebody who may: the test would see it.
        const rootsOwn = join(temp, "root-admin.sock");
        const holding = owner.holding(["-L", `${rootsOwn}:${admin}`]);
        await until(() => owned(rootsOwn), "root to get through");
        holding.end();
        await holding.ended;
      },
      STEP_MS,
    );

    test(
      "an agent, X11 and variables do not come along",
      async () => {
        const pid = Number(await vps.property("openclaw-gateway.service", "MainPID"));
        const agent = await run("ssh-agent", ["-s"]);
        const [, path = ""] = /SSH_AUTH_SOCK=([^;]+)/.exec(agent.stdout) ?? [];
        const [, agentPid = ""] = /SSH_AGENT_PID=(\d+)/.exec(agent.stdout) ?? [];
        const env = { ...process.env, SSH_AUTH_SOCK: path, LC_EVIL: "1", LANG: "C", DISPLAY: ":9" };
        const options = [
          "-A",
          "-X",
          "-o",
          "SendEnv=LANG LC_EVIL",
          "-o",
          "SetEnv=NODE_OPTIONS=--inspect",
        ];
        const agents = async () =>
          (await vps.exec(["sh", "-c", "ss -Hxl | grep -c agent"])).stdout.trim();
        const none = await agents();
        // A gateway that is slow keeps the session open for long enough to look.
        await vps.ok(["kill", "-STOP", String(pid)]);
        try {
          const session = run("ssh", [...login.options, ...options, login.target, "list"], { env });
          const node = await until(async () => {
            const { stdout } = await vps.exec(["pgrep", "-u", "openclaw", "-f", "ssh-answer"]);
            return stdout.trim() || undefined;
          }, "the answering program");
          const environ = await vps.ok(["cat", `/proc/${node}/environ`]);
          expect(environ.split("\0").filter(Boolean).sort()).toEqual([
            "LC_ALL=C.UTF-8",
            "PATH=/usr/bin:/bin",
          ]);
          expect(await agents()).toBe(none);
          await vps.ok(["kill", "-CONT", String(pid)]);
          expect((await session).code).toBe(0);
        } finally {
          await vps.exec(["kill", "-CONT", String(pid)]);
        }
        // Root's own sessions get an agent: the test would see one.
        const stop = new AbortController();
        const words = [...owner.options, "-A", owner.target, "sleep 600"];
        const roots = run("ssh", words, { env, stop: stop.signal });
        await until(async () => (await agents()) !== none, "an agent's socket");
        stop.abort();
        await roots;
        await run("kill", [agentPid]);
      },
      STEP_MS,
    );

    test("another key, root's key, a password, and the approver's key for root", async () => {
      const stranger = new Login({ ...login.facts, key: await makeKey(temp, "stranger") });
      const roots = new Login({ ...login.facts, key: owner.facts.key });
      const asRoot = new Login({ ...login.facts, user: "root" });
      for (const one of [stranger, roots, asRoot]) {
        expect(await one.ssh("list")).toMatchObject({
          code: 255,
          stderr: expect.stringContaining("Permission denied"),
        });
      }
      const ways = await stranger.with(["-o", "PreferredAuthentications=none", "-v"], "list");
      expect(ways.stderr).toContain("Authentications that can continue: publickey\r\n".trim());
      expect(ways.stderr).not.toMatch(/can continue: .*(password|keyboard-interactive)/);
    });

    test(
      "a session that asks for nothing ends by itself",
      async () => {
        const { code } = await login.with(["-N"]);
        expect(code).toBe(255);
      },
      STEP_MS,
    );

    test(
      `${RANDOM_LINES} random command lines, quoted in every way`,
      async () => {
        const lines = randomLines(RANDOM_LINES, waiting.code);
        const lanes = await Promise.all(
          Array.from({ length: LANES }, (_, i) => login.hold(join(temp, `lane-${i}.ctl`))),
        );
        const from = performance.now();
        const odd: unknown[] = [];
        let next = 0;
        const drive = async (held: Held) => {
          for (let at = next++; at < lines.length; at = next++) {
            const line = lines[at] ?? "";
            const { code, stdout } = await held.ssh(line);
            if (code !== 2 || stdout !== "") odd.push({ line, code, stdout });
          }
        };
        await Promise.all(lanes.map(drive));
        console.log(
          `${lines.length} random command lines refused in ${((performance.now() - from) / 1000).toFixed(0)} s`,
        );
        await Promise.all(lanes.map((held) => held.close()));
        expect(odd).toEqual([]);
      },
      2 * STEP_MS,
    );
  });

  test(
    "a key that is removed is refused from that moment, in a session that was open too",
    async () => {
      const login = await approver("lost phone");
      const { code } = await waits();
      const held = await login.hold(join(temp, "lost.ctl"));
      expect((await held.ssh("show", code)).code).toBe(0);
      await vps.ok(["openclaw", "ssh", "remove", "lost phone"]);
      expect(await held.ssh("approve", code)).toMatchObject({
        code: 1,
        stderr: "This key may not approve any more.\n",
      });
      await held.close();
      expect(await login.ssh("list")).toMatchObject({
        code: 255,
        stderr: expect.stringContaining("Permission denied"),
      });
      expect((await json("devices", "list"))["pending"]).toContainEqual(
        expect.objectContaining({ requestId: code }),
      );
    },
    STEP_MS,
  );

  test(
    "a key that ends, or that comes from elsewhere, is refused by sshd",
    async () => {
      // Time for one login, on a machine that does other things as well.
      const short = await approver("short", "--expires", "10s");
      expect((await short.ssh("list")).code).toBe(0);
      const elsewhere = await approver("elsewhere", "--from", "192.0.2.0/24,2001:db8::/32");
      const here = await approver("here", "--from", "127.0.0.0/8");
      expect((await elsewhere.ssh("list")).code).toBe(255);
      expect((await here.ssh("list")).code).toBe(0);
      await until(async () => (await short.ssh("list")).code === 255, "its end");
    },
    STEP_MS,
  );

  test(
    "with the gateway stopped a key says so, keys are changed all the same, and are in force later",
    async () => {
      const login = await approver("while it is away");
      await vps.ok(["systemctl", "stop", "openclaw-gateway"]);
      const said = await login.ssh("list");
      expect(said).toMatchObject({ code: 3, stderr: expect.stringContaining("does not answer") });
      await vps.ok(["openclaw", "ssh", "remove", "while it is away"]);
      expect((await login.ssh("list")).code).toBe(255);
      const next = await approver("added meanwhile");
      expect((await next.ssh("list")).code).toBe(3);
      await vps.reboot();
      await until(async () => (await next.ssh("list")).code === 0, "the gateway after a reboot");
    },
    STEP_MS,
  );

  test(
    "without root: a block in one's own authorized_keys, and everything else in it stays",
    async () => {
      await vps.ok(["useradd", "--create-home", "ann"]);
      const own = await makeKey(temp, "anns-own");
      const file = "/home/ann/.ssh/authorized_keys";
      const mine = `# mine\n${await readFile(`${own}.pub`, "utf8")}`;
      const ann = { user: "ann", env: { OPENCLAW_STATE_DIR: "/home/ann/gateway" } };
      await vps.ok(["mkdir", "-m", "700", "/home/ann/.ssh"], { user: "ann" });
      await vps.ok(["tee", file], { user: "ann", input: mine });
      const service = ["--unit=anns", "--uid=ann", "--setenv=HOME=/home/ann"];
      const gateway = ["openclaw", "gateway", "run", "--port", String(ANNS)];
      const state = "--setenv=OPENCLAW_STATE_DIR=/home/ann/gateway";
      await vps.ok(["systemd-run", "-q", ...service, state, ...gateway]);
      await until(
        async () => (await vps.exec(["openclaw", "gateway", "status"], ann)).code === 0,
        "ann's gateway",
      );
      const enable = ["openclaw", "ssh", "enable", "--authorized-keys", "--yes"];
      // What does not work is taken back: here sshd listens on another port.
      expect(await vps.exec(enable, ann)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("on another port: --port"),
      });
      expect(await vps.ok(["cat", file])).toBe(mine);
      const said = await vps.ok([...enable, "--port", String(SSH)], ann);
      expect(said).toContain(`ssh -p ${SSH} ann@<host> approve CODE`);
      const key = await makeKey(temp, "anns-phone");
      const add = ["openclaw", "ssh", "add", "-", "--name", "phone"];
      await vps.ok(add, { ...ann, input: await readFile(`${key}.pub`, "utf8") });
      const phone = new Login({ ...owner.facts, key, user: "ann" });
      const { code } = await waits({ port: ANNS });
      expect(await phone.ssh("approve", code)).toMatchObject({ code: 0, stderr: "" });
      for (const words of [["id"], ["approve", `${code}; id`], []]) {
        expect(await phone.ssh(...words)).toMatchObject({ code: 2, stdout: "" });
      }
      // Ann herself comes in as before.
      const herself = new Login({ ...owner.facts, key: own, user: "ann" });
      expect((await herself.ssh("id", "-un")).stdout).toBe("ann\n");
      // A key that may do more elsewhere in the file would not be bound by its line.
      const twice = { ...ann, input: await readFile(`${own}.pub`, "utf8") };
      const added = await vps.exec(["openclaw", "ssh", "add", "-", "--name", "own"], twice);
      expect(added.stderr).toContain("outside the block too");
      await vps.ok(["openclaw", "ssh", "remove", "own"], ann);
      await vps.ok(["openclaw", "ssh", "remove", "phone"], ann);
      expect((await phone.ssh("list")).code).toBe(255);
      expect(await vps.ok(["cat", file])).toBe(mine);
      await vps.ok(["openclaw", "ssh", "disable", "--yes"], ann);
      expect(await vps.ok(["cat", file])).toBe(mine);
      expect((await vps.exec(["ls", "/home/ann/gateway/ssh"])).code).toBe(2);
      await vps.ok(["systemctl", "stop", "anns"]);
      await vps.ok(["userdel", "--remove", "ann"]);
    },
    STEP_MS,
  );

  test(
    "disable leaves the machine as it was, and so does taking the gateway off while it is enabled",
    async () => {
      await vps.ok(["openclaw", "ssh", "disable", "--yes"]);
      expect(changesOf(installed, await snapshot(vps))).toEqual([]);
      expect((await owner.ssh("true")).code).toBe(0);
      await vps.ok(["openclaw", "ssh", "enable", "--yes"]);
      await vps.ok([
        ...["sh", "/opt/openclaw-gateway/current/install/install.sh"],
        ...["--uninstall", "--purge"],
      ]);
      expect(changesOf(bare, await snapshot(vps))).toEqual([]);
      expect((await owner.ssh("true")).code).toBe(0);
    },
    STEP_MS,
  );
});
