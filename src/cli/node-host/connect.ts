import { hostname } from "node:os";
import { keyWords } from "../../lib/key-words.ts";
import { cleanText } from "../../lib/text.ts";
import { type Context, jsonLine } from "../context.ts";
import { CliError } from "../exit.ts";
import { secretOption } from "../remote-options.ts";
import type { Run } from "../shell.ts";
import { allowPath, nodeFolder, nodeKeys } from "./folder.ts";
import { type HostOptions, NodeHost } from "./host.ts";
import { fetchJoined } from "./join.ts";
import { readTarget } from "./target.ts";
import { eventLines, type HostEvent } from "./words.ts";

export interface ConnectOptions {
  readonly name?: string;
  readonly allow?: string;
  readonly installService?: boolean;
  readonly yes?: boolean;
}

/** `openclaw connect <link or address>`: this machine as a node, until it is stopped. */
export const connect: Run<ConnectOptions> = async (context, words, options) => {
  const said = words[0] ?? context.options.url;
  if (said === undefined) {
    throw new CliError(
      "usage",
      "say where: a link or setup code of “devices invite --role node”, or wss://…",
      {
        next: "on the gateway host: openclaw devices invite --role node",
      },
    );
  }
  const typed = await fetchJoined(said);
  const target = readTarget(typed);
  if (options.installService) {
    const { installService } = await import("./service.ts");
    return installService(context, { target, typed, options });
  }
  const host = new NodeHost({ ...(await hostOptions(context, options)), target });
  await untilStopped(host);
};

/** Everything but where to; the key is made on first use. */
export async function hostOptions(
  context: Context,
  options: ConnectOptions,
): Promise<Omit<HostOptions, "target">> {
  const { env } = context.io;
  const keys = nodeKeys(nodeFolder(env));
  return {
    ...keys,
    name: cleanText(options.name ?? hostname(), 64) ?? "node",
    allowPath: allowPath(env, options.allow),
    env,
    token: await secretOption(context, "token"),
    password: await secretOption(context, "password"),
    tlsFingerprint: context.options.tlsFingerprint,
    tell: (event) => say(context, event, keyWords(keys.identity.deviceId)),
  };
}

/** One line of JSON an event where a program reads, else words. */
function say({ io, options }: Context, event: HostEvent, key: string): void {
  if (options.json) return io.data(jsonLine(event));
  for (const line of eventLines(event, key)) io.out(line);
}

async function untilStopped(host: NodeHost): Promise<void> {
  const stop = () => void host.stop();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, stop);
  try {
    await host.run();
  } finally {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.off(signal, stop);
  }
}
