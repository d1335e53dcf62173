import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { Publisher } from "../../install/support.ts";
import type { Result } from "../../kit/outcome.ts";
import { Vps } from "../../kit/vps.ts";
import type { VpsKind } from "../../kit/vps-base.ts";
import { makeKey } from "../../release/support/release.ts";
import { publishRelease } from "./published.ts";
import { changesOf, snapshot } from "./snapshot.ts";

const OWN = "/opt/openclaw-gateway/current/install/install.sh";
/** Programs and certificates of other people, whose bytes a snapshot does not hold. */
const THEIRS = "/usr/sbin/nginx /usr/bin/certbot /opt/certbot /snap /usr/local/bin";

/** A machine that already serves something, and a release to install on it. */
export class InUse {
  private constructor(
    readonly vps: Vps,
    private readonly publisher: Publisher,
    private readonly temp: string,
  ) {}

  static async boot(kind: VpsKind = "rented"): Promise<InUse> {
    const temp = await mkdtemp(join(tmpdir(), "in-use-"));
    const publisher = await Publisher.start(join(temp, "release"));
    const publication = { url: publisher.url, key: await makeKey(temp), kind };
    await publishRelease(join(temp, "release"), publication);
    return new InUse(await Vps.boot(kind), publisher, temp);
  }

  async close(): Promise<void> {
    await this.vps.close();
    await this.publisher.close();
    await rm(this.temp, { recursive: true, force: true });
  }

  /** What a person types on the machine, and what is said to it, errors included. */
  async install(options = "", env: Record<string, string> = {}): Promise<Result> {
    const line = `curl -fsSL ${this.publisher.url}/install.sh | bash -s -- ${options} 2>&1`;
    return this.vps.exec(["bash", "-c", line], { env });
  }

  /** An installation that must succeed: what it said. */
  async installs(options = "", env: Record<string, string> = {}): Promise<string> {
    const { code, stdout } = await this.install(options, env);
    if (code !== 0) throw new Error(`install.sh ${options}: exit code ${code}\n${stdout}`);
    return stdout;
  }

  /** An installation that must be refused before it changes anything: what it said. */
  async refused(options: string): Promise<string> {
    const before = await this.state();
    const { code, stdout } = await this.install(options);
    expect({ code, stdout }).toMatchObject({ code: 3 });
    expect(await this.changesSince(before)).toEqual([]);
    return stdout;
  }

  uninstall(options = ""): Promise<Result> {
    return this.vps.exec(["sh", "-c", `sh ${OWN} --uninstall ${options} 2>&1`]);
  }

  /** A line of shell that must succeed. */
  sh(line: string): Promise<string> {
    return this.vps.ok(["bash", "-ec", line], { env: { DEBIAN_FRONTEND: "noninteractive" } });
  }

  /** Writes a file, with the folders above it. */
  async write(path: string, text: string): Promise<void> {
    await this.sh(`mkdir -p "$(dirname ${path})"`);
    await this.vps.ok(["tee", path], { input: text });
  }

  /** What a site answers at an address of the machine; an empty string where nothing does. */
  async asks(name: string, address = "127.0.0.1", scheme = "http"): Promise<string> {
    const port = scheme === "http" ? 80 : 443;
    const to = address.includes(":") ? `[${address}]` : address;
    const words = ["-sSk", "-m", "10", "--resolve", `${name}:${port}:${to}`];
    return (await this.vps.exec(["curl", "-q", ...words, `${scheme}://${name}/`])).stdout.trim();
  }

  /** The machine as it is, programs that are not ours byte for byte. */
  async state(): Promise<Map<string, string>> {
    const rows = await snapshot(this.vps);
    const find = `find -L ${THEIRS} -type f -exec sha256sum {} + 2>/dev/null || :`;
    for (const line of (await this.sh(find)).split("\n").filter(Boolean)) {
      const path = line.slice(66);
      rows.set(path, `${rows.get(path) ?? ""} ${line.slice(0, 64)}`);
    }
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own way to name a field
    const packages = "dpkg-query -W -f '${binary:Package} ${db:Status-Abbrev}\\n'";
    for (const line of (await this.sh(packages)).trim().split("\n")) {
      const [name = "", status = ""] = line.trim().split(/\s+/);
      rows.set(`package ${name}`, status);
    }
    return rows;
  }

  /** What differs from `before`, one line each. */
  async changesSince(before: Map<string, string>): Promise<string[]> {
    return changesOf(before, await this.state());
  }
}

/** A site of somebody else's that answers every request with its own name. */
export const site = (name: string, listen = "listen 80;", more = ""): string =>
  `server {\n  ${listen}\n  server_name ${name};\n  ${more}\n  location / { return 200 "${name}\\n"; }\n}\n`;
