import { openclaw } from "../../protocol/command.ts";
import { decodeSetupCode, SETUP_SCHEME } from "../../protocol/setup-code.ts";
import { onGateway } from "../../protocol/text.ts";
import { wholeCode } from "../../words/code.ts";
import { foldTyped } from "../../words/typed.ts";
import { CliError } from "../kit/exit.ts";
import { quoted } from "../kit/words.ts";

/** Where to connect, and the secret of a one-time link if one was given. */
export interface ConnectTarget {
  readonly url: URL;
  readonly invite?: string;
  /** SHA-256 of the certificate to expect, where the link or setup code names it. */
  readonly tlsFingerprint?: string;
}

const EXAMPLE = openclaw`connect wss://gateway.example.com`;
const TAKES =
  "it takes a link or setup code of “devices invite --role node”, or the gateway's address such as wss://gateway.example.com";
/** What makes a link for a node. */
export const MAKE_LINK = onGateway(openclaw`devices invite --role node`);

/**
 * Reads a link of `openclaw devices invite`, a setup code (`oc-pair://…` or bare), or an address:
 * `wss://…`, `https://…`, or a bare name.
 * @throws CliError (usage) for a link or code that is not whole, and for anything else
 */
export function readTarget(text: string): ConnectTarget {
  const typed = foldTyped(text);
  const setup = decodeSetupCode(typed);
  if (setup) {
    const { url, bootstrapToken: invite, tlsFingerprint } = setup;
    return { url: readUrl(url), invite, ...(tlsFingerprint !== undefined && { tlsFingerprint }) };
  }
  if (typed.startsWith(SETUP_SCHEME)) throw broken("that setup code is not whole");
  const isUrl = /^[a-z][a-z+.-]*:\/\//i.test(typed);
  if (!isUrl) refuseWord(typed);
  const url = readUrl(isUrl ? typed : `wss://${typed}`);
  const words = new URLSearchParams(url.hash.slice(1));
  const invite = words.get("invite");
  const tlsFingerprint = words.get("pin");
  if (url.hash !== "" && !invite) throw broken("that link is not whole: nothing is behind its #");
  url.hash = "";
  return { url, ...(invite && { invite }), ...(tlsFingerprint && { tlsFingerprint }) };
}

/** A bare name is an address only where it can be told from a slip: `gw.example.com`, `gw:18789`. */
function refuseWord(typed: string): void {
  const code = /[\d-]/.test(typed) ? wholeCode(typed) : undefined;
  if (code !== undefined) {
    const message = `${code} is the code of a request, which the gateway's owner approves`;
    const next = onGateway(openclaw`devices approve ${code}`);
    throw new CliError("usage", message, { next });
  }
  if (/[.:]/.test(typed) || typed === "localhost") return;
  // What is long may be a part of a setup code, which is a secret.
  const isName = /^[\w-]{1,20}$/.test(typed);
  const word = isName ? quoted(typed) : "that";
  const named = isName ? ` (a machine that is called so: wss://${typed})` : "";
  throw new CliError("usage", `${word} leads to no gateway; ${TAKES}${named}`, { next: EXAMPLE });
}

function broken(message: string): CliError {
  return new CliError("usage", `${message}; copy all of it, or make another`, { next: MAKE_LINK });
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text.replace(/^http(?=s?:)/i, "ws")) : undefined;
  if (url?.protocol !== "ws:" && url?.protocol !== "wss:") throw noTarget();
  if (url.username !== "" || url.password !== "") throw noTarget("a name and password in it");
  return url;
}

function noTarget(what = "no address of a gateway"): CliError {
  return new CliError("usage", `that has ${what}; ${TAKES}`, { next: EXAMPLE });
}
