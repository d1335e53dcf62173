/**
 * What a setup code of OpenClaw's own apps says: where the gateway is and the secret of a one-time
 * link. A code is this as JSON in base64url; `oc-pair://` may stand before it.
 */
export interface SetupPayload {
  /** `wss://gateway.example.com`, without a last slash where there is no path. */
  readonly url: string;
  /** Sent as `auth.bootstrapToken`. */
  readonly bootstrapToken: string;
  /** Wall clock of the gateway, milliseconds. */
  readonly expiresAtMs?: number;
  /** SHA-256 of the certificate to expect, hex. */
  readonly tlsFingerprint?: string;
}

export const SETUP_SCHEME = "oc-pair://";

export function encodeSetupCode(payload: SetupPayload): string {
  return Buffer.from(JSON.stringify(payload)).toString("base64url");
}

/** Reads a code, with the scheme before it or without; `undefined` where it is none. */
export function decodeSetupCode(typed: string): SetupPayload | undefined {
  const text = typed.trim();
  const isUrl = text.toLowerCase().startsWith(SETUP_SCHEME);
  const code = isUrl ? text.slice(SETUP_SCHEME.length).replace(/\/$/, "") : text;
  return /^[\w-]+$/.test(code) ? parse(Buffer.from(code, "base64url").toString("utf8")) : undefined;
}

function parse(text: string): SetupPayload | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { url, bootstrapToken, expiresAtMs, tlsFingerprint } = value as Record<string, unknown>;
  if (typeof url !== "string" || typeof bootstrapToken !== "string") return undefined;
  return {
    url,
    bootstrapToken,
    ...(typeof expiresAtMs === "number" && { expiresAtMs }),
    ...(typeof tlsFingerprint === "string" && { tlsFingerprint }),
  };
}
