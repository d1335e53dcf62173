import { decodeSetupCode } from "../../protocol/setup-code.ts";
import { CliError } from "../exit.ts";

/** Where to connect, and the secret of a one-time link if one was given. */
export interface Target {
  readonly url: URL;
  readonly invite?: string;
  /** SHA-256 of the certificate to expect, where a setup code names it. */
  readonly tlsFingerprint?: string;
}

const EXAMPLE = "openclaw connect https://gateway.example.com/#invite=…";

/**
 * Reads a link of `openclaw devices invite`, a setup code (`oc-pair://…` or bare), or an address:
 * `wss://…`, `https://…`, or a bare name.
 */
export function readTarget(typed: string): Target {
  const setup = decodeSetupCode(typed);
  if (setup) {
    const { url, bootstrapToken: invite, tlsFingerprint } = setup;
    return { url: readUrl(url), invite, ...(tlsFingerprint !== undefined && { tlsFingerprint }) };
  }
  const url = readUrl(/^[a-z][a-z+.-]*:\/\//i.test(typed) ? typed : `wss://${typed}`);
  const invite = new URLSearchParams(url.hash.slice(1)).get("invite");
  if (url.hash !== "" && !invite) throw noTarget("no one-time link after the #");
  url.hash = "";
  return { url, ...(invite && { invite }) };
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text.replace(/^http(?=s?:)/i, "ws")) : undefined;
  if (url?.protocol !== "ws:" && url?.protocol !== "wss:") throw noTarget();
  if (url.username !== "" || url.password !== "") throw noTarget("a name and password in it");
  return url;
}

function noTarget(what = "no address of a gateway"): CliError {
  return new CliError("usage", `that has ${what}; expected a link or wss://…`, { next: EXAMPLE });
}
