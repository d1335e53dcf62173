import { openclaw } from "../../protocol/command.ts";
import type { Run } from "../kit/declare.ts";
import { warnVisible } from "../reach/remote-options.ts";
import { NodeHost } from "./host.ts";
import { fetchJoined } from "./join.ts";
import { type ConnectOptions, hostOptions } from "./options.ts";
import { readSaid } from "./said.ts";
import { readTarget } from "./target.ts";

/**
 * `openclaw connect <link or address>`: this machine as a node, until it is stopped.
 * @throws CliError (usage) without a link or address
 */
export const connect: Run<ConnectOptions> = async (context, words, options) => {
  const [word] = words;
  const said = await readSaid(context, word, options.linkFile);
  const typed = await fetchJoined(said);
  const target = readTarget(typed);
  if (target.invite !== undefined && word === said) warnVisible(context, openclaw`connect -`);
  if (options.installService) {
    const { installService } = await import("./service.ts");
    return installService(context, { target, typed, options });
  }
  const host = new NodeHost({ ...(await hostOptions(context, options)), target });
  await untilStopped(host);
};

async function untilStopped(host: NodeHost): Promise<void> {
  const stop = () => void host.stop();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, stop);
  try {
    await host.run();
  } finally {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.off(signal, stop);
  }
}
