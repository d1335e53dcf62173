/** Frames of Gateway protocol v4, as far as this page speaks it. */
import type { GatewayClientId, GatewayClientMode } from "@openclaw/gateway-protocol/client-info";
import type { Challenge, Identity } from "./model.ts";

const CLIENT_ID: GatewayClientId = "openclaw-control-ui";
const CLIENT_MODE: GatewayClientMode = "webchat";

export const operator = (...names: string[]): string[] => names.map((name) => `operator.${name}`);

/** One of the two, or an invite beside what was granted before; none asks the owner. */
export interface Auth {
  deviceToken?: string;
  bootstrapToken?: string;
}

export interface Browser {
  version: string;
  platform: string;
  displayName: string;
  locale: string;
  userAgent: string;
}

/** The parts of `connect` that the signature covers; `platform` so that it can't be changed. */
export interface Signed {
  client: { id: string; mode: string; platform: string };
  role: string;
  scopes: readonly string[];
  auth: Auth & { token?: string };
}

/** The text a device signs to prove its key: version 3 of the format, without a device family. */
export function signaturePayload({ client, role, scopes, auth }: Signed, proof: Proof): string {
  // Only ASCII letters are lowered: the gateway does the same, whatever the browser's language.
  const platform = client.platform.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const token = auth.token ?? auth.deviceToken ?? auth.bootstrapToken;
  const { id, signedAt, nonce } = proof;
  const who = ["v3", id, client.id, client.mode, role, scopes];
  return [...who, signedAt, token, nonce, platform, ""].join("|");
}

export interface Proof {
  id: string;
  signedAt: number;
  nonce: string;
}

export interface Call {
  /** Makes the request id. */
  calls: number;
  challenge: Challenge;
  auth: Auth;
  scopes: string[];
}

export async function connectFrame(
  { calls, challenge, auth, scopes }: Call,
  { id, publicKey, sign }: Identity,
  { version, platform, displayName, locale, userAgent }: Browser,
): Promise<string> {
  const client = { id: CLIENT_ID, version, platform, mode: CLIENT_MODE, displayName };
  const params = { auth, scopes, client, role: "operator", caps: ["pairing-wait"] };
  const proof = { id, signedAt: challenge.ts, nonce: challenge.nonce };
  const signature = await sign(signaturePayload(params, proof));
  return JSON.stringify({
    type: "req",
    id: `c${calls}`,
    method: "connect",
    params: {
      ...params,
      minProtocol: 4,
      maxProtocol: 4,
      device: { ...proof, publicKey, signature },
      locale,
      userAgent,
    },
  });
}
