import { isIP } from "node:net";
import type { Environment } from "../../lib/environment.ts";
import {
  addressMatcher,
  hostName,
  isLoopback,
  LINK_LOCAL,
  PRIVATE_V4,
  PRIVATE_V6,
} from "../../lib/net.ts";
import { at, blank, shell } from "../../protocol/command.ts";
import { say, type Text } from "../../protocol/text.ts";
import { CliError } from "../kit/exit.ts";

/** Besides the networks of a house: those of carriers and VPNs (RFC 6598), and site-local ones of before. */
const isNear = addressMatcher([
  ...PRIVATE_V4,
  ...PRIVATE_V6,
  ...LINK_LOCAL,
  "100.64.0.0/10",
  "fec0::/10",
]);
/** Names of one network, and of one VPN. */
const NEAR_NAMES = [".local", ".ts.net"];

/**
 * Refuses to go to a gateway elsewhere without TLS. OpenClaw's client refuses the same addresses, but its
 * error has no code.
 * @throws CliError (unreachable)
 */
export function refusePlain(url: URL, env: Environment): void {
  if (url.protocol !== "ws:" || mayBePlain(url.hostname, env)) return;
  const message = `no connection to ${url.host}: without TLS (ws://) others could read it on the way`;
  throw new CliError("unreachable", message, {
    next: "use wss:// (or, in a private network you trust, set OPENCLAW_ALLOW_INSECURE_PRIVATE_WS=1)",
  });
}

function mayBePlain(hostname: string, env: Environment): boolean {
  const host = hostName(hostname).replace(/\.+$/, "");
  if (host === "localhost" || isLoopback(host) || isNear(host)) return true;
  if (NEAR_NAMES.some((name) => host.endsWith(name))) return true;
  return env["OPENCLAW_ALLOW_INSECURE_PRIVATE_WS"] === "1" && isIP(host) === 0;
}

const PIN_MISMATCH = "TLS_FINGERPRINT_MISMATCH";

/** The gateway showed another certificate than the one that was named. */
class PinMismatch extends Error {
  override readonly name = "PinMismatch";
  readonly code = PIN_MISMATCH;
}

/**
 * Looks at the fingerprints that the client compares: its error for a certificate other than the expected
 * one has no code.
 */
export class PinWatch {
  readonly #compared = new Set<string>();

  /** For the client's hook of that name, which gets the fingerprint of the certificate and the expected one. */
  readonly normalizeTlsFingerprint = (fingerprint = ""): string => {
    this.#compared.add(fingerprint);
    return fingerprint;
  };

  /** Why a connect failed: `error`, or that the fingerprints differed. */
  explained(error: Error): Error {
    const differed = this.#compared.size > 1;
    this.#compared.clear();
    return differed ? new PinMismatch(error.message, { cause: error }) : error;
  }
}

/** What OpenSSL says where something else than TLS answers. */
const NO_TLS_CODES = ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG", "EPROTO"];

/** Codes of Node.js for a certificate that it does not trust (its page on TLS, “X509 certificate error codes”). */
const UNTRUSTED = [
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];

interface TransportFailure {
  /** Said in place of the error's own words. */
  readonly words?: string;
  readonly next: Text;
}

const NO_TLS: TransportFailure = {
  words: "what answers there does not speak TLS",
  next: "use the address that is served with TLS, or ws:// on the gateway's own machine",
};
const NOT_TRUSTED: TransportFailure = {
  next: "add --tls-fingerprint with the SHA-256 fingerprint of the gateway's certificate",
};
const fingerprint = at(
  "gateway",
  shell`openssl x509 -noout -sha256 -fingerprint -in ${blank("<its certificate>")}`,
);

const failures: ReadonlyMap<string, TransportFailure> = new Map([
  ...NO_TLS_CODES.map((code) => [code, NO_TLS] as const),
  ...UNTRUSTED.map((code) => [code, NOT_TRUSTED] as const),
  [PIN_MISMATCH, { next: say`compare, on the gateway host: ${fingerprint}` }],
]);

/** What to say where this end refuses the connection; `undefined` for an error of another kind. */
export function transportFailure(error: unknown): TransportFailure | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return failures.get(String(code));
}
