import { hostname } from "node:os";
import { cleanText } from "../../lib/text.ts";
import { isUnresolved, UNRESOLVED } from "../../lib/unresolved.ts";
import { say, type Text } from "../../protocol/text.ts";
import type { Context } from "../kit/context.ts";
import { CliError } from "../kit/exit.ts";

/** Secrets typed once, so that `-` is not read twice. */
const given = new WeakMap<Context, Map<string, string>>();

/**
 * `--token` or `--password`: as typed, or the first line of standard input for `-`.
 * @throws CliError (usage) for a reference that was not resolved
 */
export async function secretOption(
  context: Context,
  name: "token" | "password",
): Promise<string | undefined> {
  const value = context.options[name];
  if (value === undefined) return undefined;
  const known = given.get(context) ?? new Map<string, string>();
  given.set(context, known);
  const before = known.get(name);
  if (before !== undefined) return before;
  if (value !== "-") warnVisible(context, `--${name} -`);
  const secret = value === "-" ? await readSecret(context, `${name}: `) : value;
  if (isUnresolved(secret)) throw new CliError("usage", `the ${name} is ${UNRESOLVED}`);
  known.set(name, secret);
  return secret;
}

/** A secret from standard input; not echoed on a terminal. */
export async function readSecret({ io }: Context, question: string): Promise<string> {
  return io.readsPerson ? io.prompt(question, { secret: true }) : io.readLine();
}

/**
 * Says once that other users of this machine can read the command line, and takes it out of the list of
 * processes from here on.
 */
export function warnVisible({ io }: Context, better: Text): void {
  process.title = "openclaw";
  io.err(
    say`note: a secret on the command line shows in process lists and shell history; better: ${better}`,
  );
}

/** How this machine is named in the list of devices. */
export function hostnameForPeople(): string {
  return `openclaw on ${cleanText(hostname(), 40) ?? "a machine"}`;
}
