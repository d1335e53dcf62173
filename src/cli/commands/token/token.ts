import { type Context, printJson, remark } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { count, shortId, shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { Result } from "../../reach/gateway.ts";

type SecretChanged = Result<"host.secret.set">;

/** Secrets are set by the owner on the host, also before the first start. */
export const secretNeeds = { scopes: [], stopped: "create", hostOnly: true } as const;

export interface TokenCommandOptions {
  readonly revokeDerived?: boolean;
  readonly force?: boolean;
}

/**
 * The params about derived tokens, beside the secret itself.
 * @throws CliError (usage) for `--force` alone
 */
export function derivedParams({ revokeDerived = false, force }: TokenCommandOptions) {
  if (force && !revokeDerived) {
    throw new CliError("usage", "--force goes with --revoke-derived; without it no device ends");
  }
  return { revokeDerived, ...(force && { force }) };
}

/** `openclaw token new` */
export const newToken: Run<TokenCommandOptions> = async (context, _args, options) => {
  await withGateway(context, secretNeeds, async (gateway) => {
    const made = await gateway.request("host.token.new", derivedParams(options));
    if (context.options.json) return printJson(context, made);
    context.io.data(shown(made.token, 1024));
    remark(context, "  The new gateway token, shown this once. The old one no longer works.");
    for (const line of closedLines(made, options)) remark(context, `  ${line}`);
  });
};

/** Which connections and tokens a new secret ended, in lines for people. */
function closedLines(
  { closed, revoked }: SecretChanged,
  { revokeDerived = false }: TokenCommandOptions,
): string[] {
  const lines = [
    closed.length === 0
      ? "No open connection depended on the old one."
      : `Closed ${count(closed.length, "connection")}: ${closed.map((id) => shown(id)).join(", ")}.`,
  ];
  if (revoked.length > 0) {
    const ids = revoked.map(shortId).join(", ");
    lines.push(`Ended the device tokens of ${count(revoked.length, "device")}: ${ids}.`);
  } else if (revokeDerived) lines.push("No device token had been granted under the old one.");
  else lines.push("Paired devices stay paired; --revoke-derived ends those the old one let in.");
  return lines;
}

/** Adds what only the command line can say about a change of secrets. */
export function sayClosed(
  context: Context,
  change: SecretChanged,
  options: TokenCommandOptions,
): void {
  for (const line of closedLines(change, options)) context.io.out(`  ${line}`);
}
