import { spawn } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { makeKey } from "../../release/support/release.ts";
import type { Result, Vps } from "../../support/vps.ts";

/** Whoever rents a machine, at a computer of their own: comes in through SSH with a key. */
export class Owner {
  private constructor(
    private readonly key: string,
    private readonly port: number,
  ) {}

  /** Gives the machine the owner's key; its sshd listens on `port`, as the host has the usual one. */
  static async of(vps: Vps, folder: string, port: number): Promise<Owner> {
    const key = await makeKey(folder, "owner");
    await vps.ok(["mkdir", "-p", "-m", "700", "/root/.ssh"]);
    await copyFile(`${key}.pub`, vps.path("/root/.ssh/authorized_keys"));
    const config = `Port ${port}\nListenAddress 127.0.0.1\n`;
    await vps.ok(["tee", "/etc/ssh/sshd_config.d/port.conf"], { input: config });
    await vps.ok(["systemctl", "restart", "ssh"]);
    return new Owner(key, port);
  }

  /** `ssh root@host words…` */
  ssh(...words: string[]): Promise<Result> {
    const known = join(`${this.key}.hosts`);
    const options = [
      "BatchMode=yes",
      "StrictHostKeyChecking=accept-new",
      `UserKnownHostsFile=${known}`,
    ];
    const args = [
      ...["-i", this.key, "-p", String(this.port), "-F", "none"],
      ...options.flatMap((option) => ["-o", option]),
      ...["root@127.0.0.1", ...words],
    ];
    const child = spawn("ssh", args, { stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        said[name] += text;
      });
    }
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code: code ?? -1, ...said }));
    });
  }
}
