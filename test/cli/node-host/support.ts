import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostCall, HostFacts } from "../../../src/cli/node-host/call.ts";
import { Programs } from "../../../src/cli/node-host/process.ts";

/** A machine with an allow-list of its own, and what it logged. */
export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), "openclaw-host-"));
  readonly allowPath = join(this.folder, "allow");
  readonly programs = new Programs();
  readonly log: string[] = [];
  readonly progress: string[] = [];
  readonly controller = new AbortController();

  get facts(): HostFacts {
    const { allowPath, programs } = this;
    return { allowPath, programs, log: (line) => this.log.push(line) };
  }

  allow(...lines: string[]): this {
    writeFileSync(this.allowPath, `${lines.join("\n")}\n`, { mode: 0o600 });
    return this;
  }

  call(params: Record<string, unknown>, timeoutMs = 20_000): HostCall {
    const progress = (chunk: string) => void this.progress.push(chunk);
    return { params, timeoutMs, signal: this.controller.signal, progress };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether a process is there. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
