import { hostname, userInfo } from "node:os";
import { inContainer } from "../host/container.ts";
import { isLoopbackHost } from "../lib/net.ts";
import { blank, type Command, shell } from "../protocol/command.ts";

/**
 * The `ssh -L` command for another machine, so that `url`, which leads to this machine alone, opens
 * there too; `undefined` where `url` leads elsewhere. It names this machine by the address that the
 * SSH session at hand came in on (`SSH_CONNECTION`), else by its own name.
 */
export function tunnelLine(url: string, env: NodeJS.ProcessEnv): Command | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname: host, port, protocol } = new URL(url);
  if (!isLoopbackHost(host)) return undefined;
  const at = port || (/^(https|wss):$/.test(protocol) ? "443" : "80");
  // In a container neither the machine nor its users are known.
  if (inContainer(env)) return shell`ssh -N -L ${at}:${host}:${at} ${blank("<user@server>")}`;
  const [, , address = hostname(), sshPort = "22"] = env["SSH_CONNECTION"]?.split(" ") ?? [];
  const user = env["SUDO_USER"] ?? env["USER"] ?? userName();
  const other = sshPort === "22" ? [] : ["-p", sshPort];
  return shell`ssh ${other} -N -L ${at}:${host}:${at} ${user}@${address}`;
}

/** The user's name, else `root`: not every user of a container has a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "root";
  }
}
