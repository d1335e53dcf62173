import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shows } from "../browser/support/page.ts";
import { Profile } from "../browser/support/profile.ts";
import { Publisher } from "../install/support.ts";
import { makeKey, makeRelease, RELEASE_MS } from "../release/support/release.ts";
import { Vps } from "../support/vps.ts";
import { BASE_MS, whyNoVps } from "../support/vps-base.ts";
import { Login, run } from "./support/login.ts";
import { Owner } from "./support/owner.ts";
import { percentiles, Waiter } from "./support/waiter.ts";

/** Nothing else on a machine that runs tests is likely to want them; the VPS shares its network. */
const [GATEWAY, SSH] = [29_671, 29_672];
const PAGE = `http://127.0.0.1:${GATEWAY}/`;
const ROUNDS = 100;
const STEP_MS = 300_000;

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

describe.skipIf(reason !== undefined)("a page that is approved over SSH", () => {
  beforeAll(async () => {
    temp = await mkdtemp(join(tmpdir(), "approval-vps-"));
    publisher = await Publisher.start(join(temp, "release"));
    const words = ["--base-url", publisher.url, "--sign", await makeKey(temp)];
    await makeRelease(join(temp, "release"), words, { target: `${process.arch}-glibc-2.38` });
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
      for (const [way, words] of [
        ["fresh", "from `ssh … approve` to the page's hello-ok, with the login"],
        ["held", "the same over a connection that is open already, so without a login"],
        ["login", "a login alone (`ssh … help`)"],
      ] as const) {
        expect(figures[way]).toHaveLength(ROUNDS);
        console.log(`${words}: ${percentiles(figures[way] ?? [])}`);
      }
      const { paired, pending } = JSON.parse(
        await vps.ok(["openclaw", "devices", "list", "--json"]),
      );
      expect({ paired: paired.length, pending }).toEqual({ paired: 2 * ROUNDS + 1, pending: [] });
    },
    2 * STEP_MS,
  );
});
