import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDevice, RawClient } from "../kit/client.ts";
import type { Result } from "../kit/outcome.ts";
import { until } from "../kit/until.ts";
import { BASE_MS, STEP_MS, whyNoVps } from "../kit/vps-base.ts";
import { Chroot, CLONE } from "./support/chroot.ts";
import { Reader } from "./support/told.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const GET = "apt-get update && apt-get install -y --no-install-recommends";
/** What scripts/test.sh asks for, but for tmux: here only their names count. */
const OTHERS =
  "chromium nginx zsh fish shellcheck debootstrap systemd-nspawn slirp4netns webhook msmtp";

const reason = whyNoVps();
if (reason) console.log(`The tests of a fresh clone are skipped: ${reason}.`);

let chroot: Chroot;
let reader: Reader;

const inClone = (line: string): Promise<Result> => reader.does(`cd ${CLONE} && ${line}`);
const start = () => inClone("bash scripts/start.sh");
/** Packages that are there. */
const packages = async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own way to name a field
  const query = "dpkg-query -W -f '${db:Status-Abbrev}${Package}\\n'";
  const { stdout } = await reader.does(query);
  return stdout.split("\n").filter((line) => line.startsWith("ii"));
};
/** How many were there before and are not any more. */
const lost = async (before: readonly string[]) => {
  const now = await packages();
  return before.filter((name) => !now.includes(name));
};

describe.skipIf(reason !== undefined)("a fresh clone on a Debian without what it needs", () => {
  beforeAll(async () => {
    chroot = await Chroot.open("rented", root);
    reader = new Reader(chroot);
  }, BASE_MS);
  afterAll(() => chroot?.close());

  test(
    "start.sh says how Node.js comes, how npm does, and how the owner gets in",
    async () => {
      const before = await packages();
      const none = await start();
      expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining("none was found") });
      await reader.types(none, `${GET} nodejs npm`);

      await reader.does("apt-get purge -qy npm");
      const half = await start();
      expect(half).toMatchObject({ code: 1, stderr: expect.stringContaining("npm is missing") });
      await reader.types(half, `${GET} npm`);
      expect(await lost(before)).toEqual([]);

      await inClone("{ setsid bash scripts/start.sh >/root/said 2>&1 </dev/null & }");
      const runs = async () =>
        (await fetch("http://127.0.0.1:18789/healthz").catch(() => undefined))?.ok === true;
      const said = () => reader.does("cat /root/said");
      await until(runs, "the gateway of the clone");
      const link = `node ${CLONE}/dist/index.js devices invite --scopes owner`;
      const { stdout } = await reader.types(await said(), link);
      const client = await RawClient.open("ws://127.0.0.1:18789");
      const bootstrapToken = /#invite=([\w-]+)/.exec(stdout)?.[1] ?? "";
      const owner = { device: makeDevice(), auth: { bootstrapToken }, scopes: ["operator.admin"] };
      expect((await client.connect(owner)).ok).toBe(true);
      client.ws.terminate();
    },
    STEP_MS,
  );

  test(
    "test.sh says how the programs come that could not be installed, and starts none of their services",
    async () => {
      for (const name of OTHERS.split(" ")) {
        await writeFile(chroot.path(`/usr/local/bin/${name}`), "", { mode: 0o755 });
      }
      await reader.does("apt-get clean");
      const away = chroot.path("/etc/apt/apt.conf.d/99-away");
      await writeFile(away, 'Acquire::http::Proxy "http://127.0.0.1:9";\nAcquire::Retries "0";\n');
      const before = await packages();
      const suite = () => inClone("bash scripts/test.sh none-such");
      const failed = await suite();
      expect(failed.stderr).toContain("error: tmux could not be installed");
      expect((await reader.does("ls /usr/sbin/policy-rc.d")).code).toBe(2);
      // The way to the packages is back.
      await reader.does("rm /etc/apt/apt.conf.d/99-away");
      await reader.types(failed, `${GET} tmux`);
      expect(await lost(before)).toEqual([]);
      const again = await suite();
      expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("no such suite") });
      expect(again.stdout).not.toContain("Installing");
    },
    STEP_MS,
  );
});
