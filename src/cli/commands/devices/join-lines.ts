import { at, extended, openclaw, shell } from "../../../protocol/command.ts";
import { SETUP_SCHEME } from "../../../protocol/setup-code.ts";
import { plainText, say, type Text } from "../../../protocol/text.ts";
import { tunnelLine } from "../../../words/tunnel.ts";
import { type Context, remark } from "../../kit/context.ts";
import { shown } from "../../kit/words.ts";

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
  const expects = link === undefined || pin === undefined ? [] : ["--tls-fingerprint", pin];
  // `echo` is the shell's own: the secret stands in no list of processes.
  const join = extended(openclaw`connect -`, ...expects);
  print(context, say`${shell`echo ${target}`} | ${at("node", join)}`);
  if (code === undefined) return;
  remark(context, "  or with OpenClaw's own:");
  print(context, shell`openclaw node run --pair ${code}`);
}

/** Says where a link opens on the gateway's machine alone, and what makes it open elsewhere. */
export function loopbackLines(context: Context, link: string): void {
  const tunnel = tunnelLine(link, context.io.env);
  if (tunnel === undefined) return;
  const isFar = context.options.url !== undefined;
  remark(context, "  It leads to this machine alone. For other devices either give the gateway an");
  remark(context, "  address that they reach, and make another link:");
  const set = openclaw`config set gateway.publicUrl https://gateway.example.com`;
  remark(context, say`    ${isFar ? at("gateway", set) : set}`);
  // Through a tunnel to another machine its name can't be known from here.
  if (isFar) return;
  remark(context, "  or keep a tunnel open on the other computer, and open the link there:");
  remark(context, say`    ${tunnel}`);
}

/** Standard output has the link alone where a script reads it. */
function print({ io, options }: Context, typed: Text): void {
  if (io.showsPerson && !options.json) io.data(plainText(typed));
  else io.err(say`  on that machine: ${typed}`);
}
