import { hostname } from "node:os";
import { cleanText } from "../../lib/text.ts";
import { keyWords } from "../../words/key.ts";
import { type Context, jsonLine } from "../kit/context.ts";
import { secretOption } from "../reach/remote-options.ts";
import { allowPath, nodeFolder, nodeKeys, setKeyAside } from "./folder.ts";
import type { HostOptions } from "./host.ts";
import { eventFacts, eventLines, type HostEvent } from "./words.ts";

export interface ConnectOptions {
  readonly name?: string;
  readonly allow?: string;
  /** A file whose first line is the link. */
  readonly linkFile?: string;
  readonly installService?: boolean;
  /** Makes this machine a key of its own, where it has that of another one. */
  readonly newKey?: boolean;
  readonly yes?: boolean;
}

/** The options of a node host but for its target; the key is made on first use. */
export async function hostOptions(
  context: Context,
  options: ConnectOptions,
): Promise<Omit<HostOptions, "target">> {
  const { env } = context.io;
  const folder = nodeFolder(env);
  const aside = options.newKey ? setKeyAside(folder) : undefined;
  if (aside !== undefined) context.io.err(`The key that was here is kept in ${aside}`);
  const keys = nodeKeys(folder);
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
export function say({ io, options }: Context, event: HostEvent, key: string): void {
  if (options.json) return io.data(jsonLine(eventFacts(event)));
  for (const line of eventLines(event, key)) io.out(line);
}
