import { type ChildProcess, spawn } from "node:child_process";
import { until } from "../../kit/until.ts";

/**
 * Makes system calls of a running process fail, from outside and until told otherwise: what a broken
 * disk does, without a broken disk.
 */
export class Injected {
  private constructor(private readonly tracer: ChildProcess) {}

  /** `what` is strace's `inject` expression, such as `fdatasync:error=EIO`. */
  static async into(pid: number, ...what: readonly string[]): Promise<Injected> {
    const calls = what.map((expression) => expression.split(":", 1)[0]).join(",");
    const injects = what.flatMap((expression) => ["-e", `inject=${expression}`]);
    const args = ["-f", "-p", String(pid), "-e", `trace=${calls}`, ...injects, "-o", "/dev/null"];
    const tracer = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    tracer.stderr.on("data", (text) => {
      said += text;
    });
    await until(
      () => /attached/.test(said),
      () => `strace to attach: ${said}`,
    );
    return new Injected(tracer);
  }

  /** From now on calls go through. */
  async end(): Promise<void> {
    this.tracer.kill("SIGINT");
    await until(
      () => this.tracer.exitCode !== null || this.tracer.signalCode !== null,
      "strace to end",
    );
  }
}
