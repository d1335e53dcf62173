import { decodeSetupCode, encodeSetupCode } from "../../../protocol/setup-code.ts";
import { parseSpan } from "../../kit/age.ts";
import { CliError } from "../../kit/exit.ts";

/** The options of `openclaw devices invite`. */
export interface InviteOptions {
  readonly role?: string;
  readonly scopes?: string;
  readonly expires?: string;
  readonly name?: string;
  readonly uses?: string;
  readonly qr?: boolean;
  readonly setupCode?: boolean;
  readonly access?: string;
  readonly publicUrl?: string;
  readonly pin?: string;
}

/** What links and setup codes have in common. */
export function lifeParams({ expires, name }: Pick<InviteOptions, "expires" | "name">) {
  return {
    ...(expires !== undefined && { expiresInMs: parseSpan(expires, "--expires") }),
    ...(name !== undefined && { name }),
  };
}

/**
 * The fingerprint that `--pin` names, as hex; openssl and browsers write it with colons.
 * @throws CliError (usage) for anything else
 */
export function readPin(typed: string | undefined): string | undefined {
  const pin = typed
    ?.replace(/^sha256[:=]/i, "")
    .replaceAll(":", "")
    .toLowerCase();
  if (pin === undefined || /^[0-9a-f]{64}$/.test(pin)) return pin;
  const what = "the SHA-256 fingerprint of the gateway's certificate, 64 hex digits";
  throw new CliError("usage", `--pin: expected ${what}`);
}

/** `code` with the certificate to expect, which the gateway behind a proxy does not know. */
export function pinned(code: string, pin: string | undefined): string {
  const payload = pin === undefined ? undefined : decodeSetupCode(code);
  if (!payload || pin === undefined) return code;
  return encodeSetupCode({ ...payload, tlsFingerprint: pin });
}
