import { shellWord } from "../../lib/shell-word.ts";
import { SETUP_SCHEME } from "../../protocol/setup-code.ts";
import { type Context, remark } from "../context.ts";
import { shown } from "../words.ts";

interface JoinBy {
  readonly link?: string;
  readonly setupCode?: string | undefined;
  /** The certificate to expect; a setup code holds it itself. */
  readonly pin?: string | undefined;
}

/**
 * The lines that join another machine as a node, each whole and alone so that it can be copied. They
 * are not ours to rename: how commands are typed there is that machine's affair.
 */
export function joinLines(context: Context, { link, setupCode, pin }: JoinBy): void {
  const code = setupCode === undefined ? undefined : SETUP_SCHEME + shown(setupCode, 4096);
  const target = link ?? code;
  if (target === undefined) return;
  remark(context, "  To run on that machine, with this program:");
  const expects = link === undefined || pin === undefined ? "" : ` --tls-fingerprint ${pin}`;
  print(context, `openclaw connect ${shellWord(target)}${expects}`);
  if (code === undefined) return;
  remark(context, "  or with OpenClaw's own:");
  print(context, `openclaw node run --pair ${shellWord(code)}`);
}

/** Standard output has the link alone where a script reads it. */
function print({ io, options }: Context, command: string): void {
  if (io.showsPerson && !options.json) io.data(command);
  else io.err(`  on that machine: ${command}`);
}
