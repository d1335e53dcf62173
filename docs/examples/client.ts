/**
 * A client with a key of its own: it asks to be let in, waits for the owner's approval, calls one
 * method and prints the answer. The next time it comes in with its key and needs neither.
 *
 *     npm install @openclaw/gateway-client@2026.9.1
 *     OPENCLAW_GATEWAY_TOKEN=… node client.ts wss://gateway.example.com health
 *
 * Node.js runs TypeScript from version 22.18 on. `openclaw token new` makes a token, which is needed
 * until the device is approved: a program that can't wait on its connection needs it to ask.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import {
  type DeviceIdentity,
  GatewayClient,
  type GatewayClientHostDeps,
} from "@openclaw/gateway-client";

/** What the device keeps. Whoever has this file is the device. */
interface Kept {
  readonly privateKeyPem: string;
  /** The token that the gateway gave to each role of this device. */
  readonly tokens: Record<string, { readonly token: string; readonly scopes: string[] }>;
}

/** Reads the device's file, or makes a key and the file. */
function openKept(file: string): Kept {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  const kept: Kept = { privateKeyPem: pem, tokens: {} };
  keep(file, kept);
  return kept;
}

/** A file that is written beside and renamed is never half there. */
function keep(file: string, kept: Kept): void {
  writeFileSync(`${file}.new`, JSON.stringify(kept), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The 32 bytes of a public key, which are the end of its SPKI form. */
function rawKey(publicKeyPem: string): Buffer {
  return createPublicKey(publicKeyPem).export({ type: "spki", format: "der" }).subarray(-32);
}

/** A device is called by the SHA-256 of its public key. */
function identityOf({ privateKeyPem }: Kept): DeviceIdentity {
  const key = createPublicKey(createPrivateKey(privateKeyPem));
  const publicKeyPem = String(key.export({ type: "spki", format: "pem" }));
  const deviceId = createHash("sha256").update(rawKey(publicKeyPem)).digest("hex");
  return { deviceId, privateKeyPem, publicKeyPem };
}

/** What the reference client asks of the program that it runs in. */
function hostDeps(file: string): GatewayClientHostDeps {
  const kept = openKept(file);
  return {
    loadOrCreateDeviceIdentity: () => identityOf(kept),
    publicKeyRawBase64UrlFromPem: (pem) => rawKey(pem).toString("base64url"),
    signDevicePayload: (pem, payload) =>
      sign(null, Buffer.from(payload), createPrivateKey(pem)).toString("base64url"),
    loadDeviceAuthToken: ({ role }) => kept.tokens[role] ?? null,
    storeDeviceAuthToken: ({ role, token, scopes }) => {
      kept.tokens[role] = { token, scopes };
      keep(file, kept);
    },
    clearDeviceAuthToken: ({ role }) => {
      delete kept.tokens[role];
      keep(file, kept);
    },
  };
}

export interface CallOptions {
  /** Such as `wss://gateway.example.com`. */
  readonly url: string;
  /** The gateway token; needed until the device is approved. */
  readonly token?: string | undefined;
  /** Where the device keeps its key. */
  readonly file: string;
  readonly method: string;
  readonly params?: unknown;
  /** Told once for each code that this device waits with, and the command that approves it. */
  readonly waiting: (code: string, command: string) => void;
  /** Told why a try came to nothing; another one follows. */
  readonly failed?: (message: string) => void;
}

/** Connects, waits until the owner approves, and calls one method. @throws Error why it can't wait */
export async function callOnce(options: CallOptions): Promise<unknown> {
  const client = await connected(options);
  try {
    return await client.request(options.method, options.params ?? {});
  } finally {
    await client.stopAndWait();
  }
}

function connected({ url, token, file, waiting, failed }: CallOptions): Promise<GatewayClient> {
  let told: string | undefined;
  return new Promise((resolve, reject) => {
    const client = new GatewayClient({
      url,
      ...(token !== undefined && { token }),
      hostDeps: hostDeps(file),
      mode: "cli",
      clientName: "gateway-client",
      clientDisplayName: "Example",
      platform: process.platform,
      scopes: ["operator.read"],
      onHelloOk: () => resolve(client),
      // The client tries again by itself, under the same code, until it is approved.
      onConnectError: (error) => {
        const { code, requestId, approveCommand } = detailsOf(error);
        if (code !== "PAIRING_REQUIRED" || requestId === undefined) return failed?.(error.message);
        if (requestId === told) return;
        told = requestId;
        waiting(requestId, String(approveCommand));
      },
      // A cause that trying again does not mend, such as a wrong token.
      onReconnectPaused: ({ reason }) => {
        client.stop();
        reject(new Error(reason));
      },
    });
    client.start();
  });
}

/** What a refused connect says beside its message. */
function detailsOf(error: Error): { code?: string; requestId?: string; approveCommand?: string } {
  return ("details" in error && typeof error.details === "object" && error.details) || {};
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [url = "ws://127.0.0.1:18789", method = "health"] = process.argv.slice(2);
  const answer = await callOnce({
    url,
    method,
    token: process.env["OPENCLAW_GATEWAY_TOKEN"],
    file: "device.json",
    waiting: (code, command) => console.error(`waiting for approval as ${code}: ${command}`),
    failed: (message) => console.error(`not connected: ${message}`),
  });
  console.log(JSON.stringify(answer, undefined, 2));
}
