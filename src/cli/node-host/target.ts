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
    const { bootstrapToken: invite, tlsFingerprint } = setup;
    const { url } = readTarget(setup.url);
    return { url, invite, ...(tlsFingerprint !== undefined && { tlsFingerprint }) };
  }
  const text = /^[a-z]+:\/\//i.test(typed) ? typed : `wss://${typed}`;
  const url = URL.canParse(text) ? new URL(text.replace(/^http(?=s?:)/i, "ws")) : undefined;
  if (url?.protocol !== "ws:" && url?.protocol !== "wss:") throw noTarget();
  if (url.username !== "" || url.password !== "") throw noTarget("a name and password in it");
  const invite = new URLSearchParams(url.hash.slice(1)).get("invite");
  if (url.hash !== "" && !invite) throw noTarget("no one-time link after the #");
  url.hash = "";
  return { url, ...(invite && { invite }) };
}

function noTarget(what = "no address of a gateway"): CliError {
  return new CliError("usage", `that has ${what}; expected a link or wss://…`, { next: EXAMPLE });
}
