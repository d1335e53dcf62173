import { expect } from "vitest";
import type { Result } from "../../kit/outcome.ts";
import type { Vps } from "../../kit/vps.ts";
import { type Installing, LOG } from "./installing.ts";
import { changesOf, snapshot } from "./snapshot.ts";
import { Reader } from "./told.ts";

const LOOK = `tail -n 100 ${LOG}`;
const OFF = "--uninstall --purge --yes";

/** What the installer tells people to type where it fails: seen there, typed, and looked whether it helped. */
export class InstallerCures {
  readonly #reader: Reader;

  constructor(
    private readonly vps: Vps,
    private readonly installing: Installing,
  ) {
    this.#reader = new Reader(vps);
  }

  /** A program of the first stage's that is missing. */
  async programMissing(words: string): Promise<void> {
    const { types, does } = this.#bound();
    const before = await this.#packages();
    await this.vps.ok(["apt-get", "purge", "-qy", "openssh-client"]);
    const line = this.installing.line("--dry-run", words);
    const refused = await does(line);
    expect(refused).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("ssh-keygen is needed"),
    });
    await types(refused, "apt-get update && apt-get install -y openssh-client");
    expect(await does(line)).toMatchObject({ code: 0, stderr: "" });
    // What went with it was the test's doing.
    const lost = before.filter((name) => !/openssh-(sftp-)?server/.test(name));
    expect(await this.#packages()).toEqual(expect.arrayContaining(lost));
  }

  /** A gateway that can't start, under systemd. */
  async doesNotStart(): Promise<void> {
    const folder = "/etc/openclaw-gateway";
    await this.vps.ok(["mkdir", folder]);
    await this.vps.ok(["tee", `${folder}/openclaw.json`], { input: '{ "gateway": ' });
    const failed = await this.#fails("--no-nginx", "the gateway did not start");
    const log = "journalctl -u openclaw-gateway.service -n 50 --no-pager";
    const { stdout } = await this.#reader.types(failed, log);
    expect(stdout).toContain("openclaw.json:1:14: not valid JSON");
    await this.vps.ok(["rm", "-r", folder]);
  }

  /** A run that was killed, and something of it that can't be undone at once. */
  async cutOffAndInUse(words: string): Promise<void> {
    const { types, does } = this.#bound();
    const before = await snapshot(this.vps);
    const line = this.installing.line(words);
    const killed = `set -m; { ${line}; } >/tmp/said 2>&1 & until grep -q '] Current' /tmp/said; do sleep 0.02; done; kill -9 -- -$!`;
    await does(killed);
    await this.vps.ok(["rm", "/tmp/said"]);
    const hold = "systemd-run -q --unit=busy -p User=openclaw-gateway sleep 600";
    await this.vps.ok(hold.split(" "));
    const failed = await does(line);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("could not undo: account openclaw-gateway");
    const { stdout } = await types(failed, LOOK);
    expect(stdout).toContain("user openclaw-gateway is currently used by process");
    await this.vps.ok(["systemctl", "stop", "busy"]);
    // It goes on from there, whichever way.
    expect(await does(this.installing.line(OFF))).toMatchObject({ code: 0 });
    expect(changesOf(before, await snapshot(this.vps))).toEqual([]);
  }

  /** Packages that apt fetches to a folder where nobody looks for them. */
  async fetchedElsewhere(words: string): Promise<void> {
    const conf = "/etc/apt/apt.conf.d/99-elsewhere";
    await this.vps.ok(["apt-get", "clean"]);
    await this.vps.ok(["mkdir", "-p", "/var/cache/elsewhere/partial"]);
    await this.vps.ok(["tee", conf], { input: 'Dir::Cache::archives "/var/cache/elsewhere";\n' });
    await this.#getsNginx(words, {
      fact: "would write over cannot be saved",
      command: "apt-get install -y nginx",
    });
    await this.vps.ok(["sh", "-c", "apt-get purge -qy nginx nginx-common"]);
    await this.vps.ok(["rm", "-r", conf, "/var/cache/elsewhere"]);
  }

  /** Debian's packages that are out of reach for a while. Then nginx is there. */
  async outOfReach(words: string): Promise<void> {
    const conf = "/etc/apt/apt.conf.d/99-away";
    await this.vps.ok(["tee", conf], {
      input: 'Acquire::http::Proxy "http://127.0.0.1:9";\nAcquire::Retries "0";\n',
    });
    await this.#getsNginx(words, {
      fact: "the packages nginx could not be installed",
      command: "apt-get update && apt-get install -y nginx",
      mend: () => this.vps.ok(["rm", conf]),
    });
  }

  async #getsNginx(
    words: string,
    cure: { fact: string; command: string; mend?: () => Promise<unknown> },
  ): Promise<void> {
    const { types, does } = this.#bound();
    const failed = await this.#fails(words, cure.fact);
    await cure.mend?.();
    const before = await this.#packages();
    await types(failed, cure.command);
    expect(await this.#packages()).toEqual(expect.arrayContaining([...before, "nginx"]));
    const plan = await does(this.installing.line("--dry-run", words));
    expect(plan.code).toBe(0);
    expect(plan.stdout).not.toContain("install the Debian packages");
  }

  /** A limit in nginx.conf that can be said once only. */
  async refusedByNginx(words: string): Promise<void> {
    const conf = "/etc/nginx/nginx.conf";
    await this.vps.ok(["sed", "-i", "1i worker_rlimit_nofile 4096;", conf]);
    const failed = await this.#fails(words, "nginx does not accept the configuration made for it");
    // While it is undone, nginx is asked only once all of it is as it was.
    expect(failed.stdout).not.toContain("an error that is not the gateway's");
    const { stdout } = await this.#reader.types(failed, LOOK);
    expect(stdout).toContain('"worker_rlimit_nofile" directive is duplicate');
    await this.vps.ok(["sed", "-i", "1d", conf]);
  }

  /** A rule of the owner's that lets nobody in. */
  async letsNobodyIn(words: string): Promise<void> {
    const rule = "/etc/nginx/conf.d/00-closed.conf";
    await this.vps.ok(["tee", rule], { input: "deny all;\n" });
    await this.vps.ok(["systemctl", "reload-or-restart", "nginx"]);
    const failed = await this.#fails(words, "the gateway runs but could not be used through");
    expect((await this.#reader.types(failed, LOOK)).stdout).toMatch(/\b403\b/);
    await this.vps.ok(["rm", rule]);
    await this.vps.ok(["systemctl", "reload-or-restart", "nginx"]);
  }

  /** A run that fails for this reason, and leaves the machine as it was. */
  async #fails(words: string, fact: string): Promise<Result> {
    const before = await snapshot(this.vps);
    const failed = await this.#reader.does(this.installing.line(words));
    expect(failed.stderr).toContain(fact);
    expect(failed.stderr).toContain("everything it did was undone");
    expect(failed.code).toBe(1);
    expect(changesOf(before, await snapshot(this.vps))).toEqual([]);
    return failed;
  }

  async #packages(): Promise<string[]> {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own way to name a field
    const format = "${db:Status-Abbrev}${Package}\\n";
    const rows = (await this.vps.ok(["dpkg-query", "-W", "-f", format])).split("\n");
    return rows.filter((row) => row.startsWith("ii")).map((row) => row.slice(3));
  }

  #bound() {
    return {
      types: (...args: Parameters<Reader["types"]>) => this.#reader.types(...args),
      does: (...args: Parameters<Reader["does"]>) => this.#reader.does(...args),
    };
  }
}
