import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoginFacts } from "./login.ts";

/**
 * A folder with the `ssh` of somebody who has the machine in their own settings: lines are typed as they
 * are told, `machine` is its name, and `$KEY` the key.
 */
export async function ownSsh(folder: string, { known, port }: LoginFacts): Promise<string> {
  const tools = join(folder, "own-ssh");
  await mkdir(tools, { recursive: true });
  const settings = [
    "BatchMode yes",
    "IdentitiesOnly yes",
    "StrictHostKeyChecking yes",
    `UserKnownHostsFile ${known}`,
    "Host machine",
    "  HostName 127.0.0.1",
    `  Port ${port}`,
    // The same machine, at the end of a wire.
    "Host 198.51.100.1",
    `  HostKeyAlias [127.0.0.1]:${port}`,
  ];
  await writeFile(join(tools, "config"), `${settings.join("\n")}\n`);
  const script = `#!/bin/sh\nexec /usr/bin/ssh -F ${tools}/config -i "$KEY" "$@"\n`;
  await writeFile(join(tools, "ssh"), script, { mode: 0o755 });
  return tools;
}
