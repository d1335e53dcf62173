import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditVerdict } from "../../src/audit/verify.ts";
import { shellWord } from "../../src/lib/shell-word.ts";
import { watchLimitTable } from "../../src/limits/watch.ts";
import { press, shows, words } from "../browser/support/page.ts";
import { Profile } from "../browser/support/profile.ts";
import { damages, expectNamed, Found, writeAudit } from "../e2e/support/audit-damage.ts";
import { Publisher } from "../install/support.ts";
import { makeDevice, RawClient } from "../kit/client.ts";
import { readScreenQr } from "../kit/terminal-qr.ts";
import { Tmux } from "../kit/tmux.ts";
import { until } from "../kit/until.ts";
import { Vps } from "../kit/vps.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { makeKey, RELEASE_MS } from "../release/support/release.ts";
import { Login, run } from "./support/login.ts";
import { Owner } from "./support/owner.ts";
import { publishRelease } from "./support/published.ts";
import { percentiles, Waiter } from "./support/waiter.ts";

/** In the machine's own network. */
const [GATEWAY, SSH] = [29_671, 29_672];
const PAGE = `http://127.0.0.1:${GATEWAY}/`;
const ROUNDS = 100;
const USUAL = { columns: 80, rows: 24 };

const reason = whyNoVps();
if (reason) console.log(`The tests of a page approved over SSH are skipped: ${reason}.`);

let temp: string;
let publisher: Publisher;
let vps: Vps;
let owner: Owner;
let phone: Login;
let profile: Profile;

/** A page of somebody whom the gateway has never seen. */
async function stranger(): Promise<Waiter> {
  await profile.context.clearCookies();
  const page = await profile.context.newPage();
  const waiter = new Waiter(page);
  await page.goto(PAGE);
  return waiter;
}

/** Takes from the browser what makes it known. */
async function forget({ page }: Waiter): Promise<void> {
  const session = await profile.context.newCDPSession(page);
  const origin = new URL(PAGE).origin;
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  await page.close();
}

/** A line for a shell, as this person would type it. */
function typed(login: Login, options: readonly string[], command = ""): string {
  const line = ["ssh", ...login.options, ...options, login.target, command];
  return line.filter(Boolean).map(shellWord).join(" ");
}

/** Presses a key that decides, after the time that a person takes to read at the very least. */
async function decides(tmux: Tmux, key: "a" | "r"): Promise<void> {
  await pause(watchLimitTable.watchUnseenMs.value + 100);
  await tmux.keys(key);
}

/** A folder with an `ssh` of the person's own, whose configuration knows their key. */
async function usersShell({ key, known }: Login["facts"]): Promise<NodeJS.ProcessEnv> {
  const folder = join(temp, "bin");
  await mkdir(folder, { recursive: true });
  const config = join(temp, "ssh_config");
  await writeFile(config, `IdentityFile ${key}\nIdentitiesOnly yes\nUserKnownHostsFile ${known}\n`);
  await writeFile(join(folder, "ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F ${config} "$@"\n`);
  await chmod(join(folder, "ssh"), 0o755);
  return { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
}

/** What a person reads or a script takes of `openclaw audit verify` there. */
async function verified(env: Record<string, string> = {}): Promise<AuditVerdict> {
  const { code, stdout } = await vps.exec(["openclaw", "audit", "verify", "--json"], { env });
  const verdict = JSON.parse(stdout) as AuditVerdict;
  expect(code).toBe(verdict.faults.length === 0 ? 0 : 1);
  return verdict;
}

describe.skipIf(reason !== undefined)("a page that is approved over SSH", () => {
  beforeAll(async () => {
    temp = await mkdtemp(join(tmpdir(), "approval-vps-"));
    publisher = await Publisher.start(join(temp, "release"));
    await publishRelease(join(temp, "release"), { url: publisher.url, key: await makeKey(temp) });
    vps = await Vps.boot("rented");
    owner = await Owner.of(vps, temp, SSH);
    const line = `curl -fsSL ${publisher.url}/install.sh | bash -s -- --no-nginx --port ${GATEWAY}`;
    await vps.ok(["bash", "-c", line]);
    await vps.ok(["openclaw", "ssh", "enable", "--yes", "--host", "127.0.0.1"]);
    const key = await makeKey(temp, "phone");
    const input = await readFile(`${key}.pub`, "utf8");
    await vps.ok(["openclaw", "ssh", "add", "-", "--name", "phone"], { input });
    phone = new Login({ ...owner.facts, key, user: "openclaw" });
    profile = await Profile.open();
  }, RELEASE_MS + BASE_MS);
  afterAll(async () => {
    await profile?.close();
    await vps?.close();
    await publisher?.close();
    await rm(temp, { recursive: true, force: true });
  });

  test(
    "by the line that it shows, pasted as it is",
    async () => {
      const waiter = await stranger();
      const code = await waiter.code();
      expect(await waiter.line()).toBe(`ssh -p ${SSH} openclaw@127.0.0.1 approve ${code}`);
      await waiter.page.locator("#copy-ssh").click();
      const pasted = await profile.pasted();
      const env = await usersShell(phone.facts);
      const { code: exit, stdout } = await run("bash", ["-c", pasted], { env });
      expect(stdout).toContain("Approved: ");
      expect(exit).toBe(0);
      await shows(waiter.page, "ready");
      await forget(waiter);
    },
    STEP_MS,
  );

  test(
    "by a link whose QR code stands on a terminal of 80 by 24, read as a camera does",
    async () => {
      const tmux = await Tmux.open({ ...USUAL, env: {} });
      try {
        await tmux.type(typed(owner, ["-tt"]));
        await tmux.shows(/[#$] *$/m);
        await tmux.typeWithin("clear; openclaw devices invite --qr");
        const link = await until(async () => readScreenQr(await tmux.screen()), "a QR code");
        expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#invite=[\w-]{43}$/);
        const page = await profile.visit(link);
        await shows(page, "invited");
        await press(page);
        await shows(page, "ready");
        await forget(new Waiter(page));
      } finally {
        await tmux.close();
      }
    },
    STEP_MS,
  );

  test(
    "from the watch on root's own terminal: seen, looked at, approved; another turned down",
    async () => {
      const tmux = await Tmux.open({ ...USUAL, env: {} });
      const waiter = await stranger();
      const code = await waiter.code();
      const other = await RawClient.open(`ws://127.0.0.1:${GATEWAY}`);
      try {
        await tmux.type(typed(owner, ["-tt"], "openclaw devices watch"));
        const list = await tmux.shows(/Waiting for approval \(1\)/);
        expect(list).toContain(`> ${code}`);
        await tmux.keys("Enter");
        const card = await tmux.shows(/Asks for/);
        expect(card).toContain(`Let ${code} in?`);
        // The same words as the page shows, for its key and for the gateway's.
        for (const id of ["device-fp", "gateway-fp"]) {
          const shown = await words(waiter.page, id);
          expect(shown).toMatch(/^([a-z]{4}-){7}[a-z]{4}$/);
          expect(card.replace(/-\n +/g, "-")).toContain(shown);
        }
        await tmux.shows(/Expires/);
        await decides(tmux, "a");
        await tmux.shows(/^Approved/m);
        await shows(waiter.page, "ready");
        const device = makeDevice();
        const { error } = await other.connect({ device, caps: ["pairing-wait"] });
        await tmux.shows(new RegExp(`> ${error.details.requestId}`));
        await tmux.keys("Enter");
        await tmux.shows(/Asks for/);
        await decides(tmux, "r");
        await tmux.shows(/^Rejected/m);
        await until(() => other.closed, "the other to be told");
        expect(other.closed).toMatchObject({ code: 1008 });
        await tmux.keys("q");
        await tmux.shows(/Connection to 127\.0\.0\.1 closed/);
      } finally {
        await tmux.close();
        other.ws.terminate();
        await forget(waiter);
      }
    },
    STEP_MS,
  );

  test(
    `${ROUNDS} rounds, from the command to the page's hello-ok`,
    async () => {
      const figures = { login: [], fresh: [], held: [] } as Record<string, number[]>;
      const held = await phone.hold(join(temp, "held.ctl"));
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const way of ["fresh", "held"] as const) {
          const waiter = await stranger();
          const code = await waiter.code();
          const login = way === "fresh" ? phone : held;
          figures[way]?.push(
            await waiter.greeted(async () => {
              const { code: exit, stderr } = await login.ssh("approve", code);
              expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
            }),
          );
          await forget(waiter);
        }
        // What a login takes by itself: to the same sshd, with the same key, to be told of the verbs.
        const from = performance.now();
        expect((await phone.ssh("help")).code).toBe(0);
        figures["login"]?.push(performance.now() - from);
      }
      await held.close();
      for (const [way, what] of [
        ["fresh", "from `ssh … approve` to the page's hello-ok, with the login"],
        ["held", "the same over a connection that is open already, so without a login"],
        ["login", "a login alone (`ssh … help`)"],
      ] as const) {
        expect(figures[way]).toHaveLength(ROUNDS);
        console.log(`${what}: ${percentiles(figures[way] ?? [])}`);
      }
      const { paired, pending } = JSON.parse(
        await vps.ok(["openclaw", "devices", "list", "--json"]),
      );
      expect({ paired: paired.length, pending }).toEqual({ paired: 2 * ROUNDS + 3, pending: [] });
    },
    2 * STEP_MS,
  );

  test(
    "the audit of all that is whole and stands in the journal too; damage to it is found",
    async () => {
      const { lines, faults, to } = await verified();
      expect(faults).toEqual([]);
      expect(lines).toBeGreaterThan(2 * ROUNDS);
      const journal = await vps.ok(["journalctl", "-u", "openclaw-gateway", "-o", "cat"]);
      const [last = ""] = (await vps.ok(["openclaw", "audit", "--json"]))
        .trim()
        .split("\n")
        .slice(-1);
      expect(JSON.parse(last)).toMatchObject({ seq: to, by: { kind: "ssh" } });
      await until(async () => {
        return (await vps.ok(["journalctl", "-u", "openclaw-gateway", "-o", "cat"])).includes(
          JSON.parse(last).hash,
        );
      }, "the copy of the last line");
      expect(journal).toContain("device.approved");
      const [file = ""] = (
        await vps.ok(["sh", "-c", "ls /var/lib/openclaw-gateway/audit/*"])
      ).split("\n");
      await vps.ok(["sed", "-i", '7s/"hash":"./"hash":"x/', file]);
      expect((await verified()).faults).not.toEqual([]);
    },
    STEP_MS,
  );

  test(
    "every kind of damage to an audit of twelve lines is found there, and named",
    async () => {
      const base = join(temp, "audit-base");
      await writeAudit(base, 12);
      const inside = "/var/lib/audit-proof";
      const env = { OPENCLAW_STATE_DIR: inside };
      for (const damage of damages) {
        await vps.ok(["rm", "-rf", inside]);
        await cp(base, vps.path(inside), { recursive: true });
        const found = await Found.in(vps.path(inside));
        await damage.do(found);
        await vps.ok(["chown", "-R", "openclaw-gateway:", inside]);
        expectNamed(await verified(env), damage, found);
      }
      await vps.ok(["rm", "-rf", inside]);
    },
    STEP_MS,
  );
});
