import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Vps } from "../../kit/vps.ts";
import { makeKey } from "../../release/support/release.ts";
import { Login } from "./login.ts";

/** Whoever rents a machine: comes in as root, by a key. */
export class Owner extends Login {
  /** Gives the machine the owner's key; its sshd listens on `port` from then on. */
  static async of(vps: Vps, folder: string, port: number): Promise<Owner> {
    const key = await makeKey(folder, "owner");
    await vps.ok(["mkdir", "-p", "-m", "700", "/root/.ssh"]);
    await copyFile(`${key}.pub`, vps.path("/root/.ssh/authorized_keys"));
    // Its sshd may wait for the first connection, and has no folder until then.
    await vps.ok(["mkdir", "-p", "/run/sshd"]);
    // Whoever shows that many are refused must not be shut out for it (OpenSSH 9.8 and newer).
    const knows = (await vps.ok(["sshd", "-T"])).includes("persourcepenalties");
    const penalties = knows ? "PerSourcePenalties no\n" : "";
    const config = `Port ${port}\nListenAddress 127.0.0.1\n${penalties}`;
    await vps.ok(["tee", "/etc/ssh/sshd_config.d/port.conf"], { input: config });
    await vps.ok(["systemctl", "restart", "ssh"]);
    const hostKey = await readFile(vps.path("/etc/ssh/ssh_host_ed25519_key.pub"), "utf8");
    const known = join(folder, "known_hosts");
    await writeFile(known, `[127.0.0.1]:${port} ${hostKey}`);
    return new Owner({ key, known, user: "root", port });
  }
}
