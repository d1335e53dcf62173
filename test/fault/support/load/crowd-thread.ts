import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import type { CrowdOptions, CrowdReport } from "./report.ts";

const entry = fileURLToPath(new URL("./crowd.ts", import.meta.url));
/** Lets packages that are CommonJS find Node's own modules in a bundle of ES modules. */
const banner =
  'import { createRequire } from "node:module"; const require = createRequire("file:///");';

/** The crowd, in a thread of its own. */
export class CrowdThread {
  private constructor(
    private readonly worker: Worker,
    private readonly folder: string,
  ) {}

  static async start(options: CrowdOptions): Promise<CrowdThread> {
    const folder = await mkdtemp(join(tmpdir(), "crowd-"));
    const outfile = join(folder, "crowd.mjs");
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["bufferutil", "utf-8-validate"],
      banner: { js: banner },
    });
    const thread = new CrowdThread(new Worker(outfile, { workerData: options }), folder);
    await thread.#message();
    return thread;
  }

  #message(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.worker.once("message", resolve);
      this.worker.once("error", reject);
    });
  }

  begin(): void {
    this.worker.postMessage({ what: "begin" });
  }

  end(): Promise<CrowdReport> {
    const report = this.#message();
    this.worker.postMessage({ what: "end" });
    return report as Promise<CrowdReport>;
  }

  /** How it is when nobody disturbs. */
  async calm(ms: number): Promise<CrowdReport> {
    this.begin();
    await pause(ms);
    return this.end();
  }

  async close(): Promise<void> {
    this.worker.postMessage({ what: "leave" });
    await this.worker.terminate();
    await rm(this.folder, { recursive: true, force: true });
  }
}
