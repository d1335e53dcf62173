import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export interface CrewOrder {
  /** `join` with a link's secret, `connect` with the shared token, `ask` everybody, `forget` how it was. */
  readonly what: "join" | "connect" | "ask" | "forget" | "look";
  readonly url?: string;
  readonly clients?: number;
  readonly bootstrapToken?: string;
  readonly token?: string;
}

export interface CrewReport {
  readonly clients: number;
  /** How often each was greeted. */
  readonly hellos: readonly number[];
  /** Clients that gave up coming back. */
  readonly paused: number;
  /** Closes and refusals by their words. */
  readonly ends: Readonly<Record<string, number>>;
  readonly firstClose?: { readonly code: number; readonly reason: string };
  readonly requestId?: string;
}

/** What stands for the computer of the people who connect. */
export interface CrewOptions {
  /** Leads to this machine, as an entry in DNS would. */
  readonly name: string;
  /** PEM of the authority that is trusted beside the usual ones. */
  readonly ca: string;
}

const entry = fileURLToPath(new URL("./crew-member.ts", import.meta.url));
/** Lets packages that are CommonJS find Node's own modules in a bundle of ES modules. */
const banner =
  'import { createRequire } from "node:module"; const require = createRequire("file:///");';
/** The name is known to this process alone. */
const START = 'mount --bind "$1" /etc/hosts; shift; exec "$@"';

/** Many reference clients in a process of their own. */
export class Crew {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start({ name, ca }: CrewOptions): Promise<Crew> {
    const folder = await mkdtemp(join(tmpdir(), "crew-"));
    const [outfile, hosts, authority] = ["crew.mjs", "hosts", "ca.pem"].map((f) => join(folder, f));
    await build({
      entryPoints: [entry],
      outfile: outfile ?? "",
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["bufferutil", "utf-8-validate"],
      banner: { js: banner },
    });
    await writeFile(hosts ?? "", `127.0.0.1 localhost ${name}\n`);
    await writeFile(authority ?? "", ca);
    const words = ["--mount", "sh", "-ec", START, "sh", hosts ?? "", process.execPath];
    const child = spawn("unshare", [...words, outfile ?? ""], {
      env: { PATH: process.env["PATH"], NODE_EXTRA_CA_CERTS: authority },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    return new Crew(child, folder);
  }

  /** Gives an order; resolves with how it is once that is done. */
  order(order: CrewOrder): Promise<CrewReport> {
    return new Promise((resolve, reject) => {
      const gone = () => reject(new Error("the crew's process ended"));
      this.child.once("exit", gone);
      this.child.once("message", (answer: { error?: string; report: CrewReport }) => {
        this.child.off("exit", gone);
        if (answer.error === undefined) resolve(answer.report);
        else reject(new Error(`${answer.error} ${JSON.stringify(answer.report.ends)}`));
      });
      this.child.send(order);
    });
  }

  look(): Promise<CrewReport> {
    return this.order({ what: "look" });
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill("SIGKILL");
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
