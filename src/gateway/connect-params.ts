import type { Credentials } from "../auth/facts.ts";
import type { DeviceProof } from "../auth/identity.ts";
import { cleanText } from "../lib/text.ts";
import type { Limits } from "../limits/table.ts";
import { scopesProblem } from "../protocol/access.ts";
import { type Validate, validator } from "../protocol/schemas.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import type { DeviceText } from "../requests/records.ts";
import { programOf } from "../words/program.ts";
import type { Peer } from "./socket.ts";

/** The params of `connect` after validation (docs/protocol.md#the-handshake). */
export interface ConnectParams {
  readonly minProtocol: number;
  readonly maxProtocol: number;
  readonly client: {
    readonly id: string;
    readonly version: string;
    readonly platform: string;
    readonly mode: string;
    readonly displayName?: string;
    readonly deviceFamily?: string;
    readonly modelIdentifier?: string;
    readonly timeZone?: string;
    readonly instanceId?: string;
  };
  readonly role?: string;
  readonly scopes?: readonly string[];
  readonly caps?: readonly string[];
  readonly commands?: readonly string[];
  readonly permissions?: Readonly<Record<string, boolean>>;
  readonly pathEnv?: string;
  readonly userAgent?: string;
  readonly auth?: Credentials;
  readonly device?: DeviceProof;
}

const checkSchema: Validate = validator(wireSchemas.connect);

/** Checks the params of a connect; returns what is wrong, or `undefined`. */
export function connectProblem(params: unknown, limits: Limits): string | undefined {
  const problem = checkSchema(params);
  if (problem !== undefined) return problem;
  const { scopes = [] } = params as ConnectParams;
  return scopesProblem(scopes, limits);
}

/** Whether the connect calls itself a worker: those speak another protocol that is not served. */
export function namesWorker(params: unknown): boolean {
  if (typeof params !== "object" || params === null) return false;
  const { role, client } = params as { role?: unknown; client?: { id?: unknown; mode?: unknown } };
  return role === "worker" || client?.id === "openclaw-worker" || client?.mode === "worker";
}

/** Credentials with empty ones left out. */
export function credentialsOf({ auth = {} }: ConnectParams): Credentials {
  if (!Object.values(auth).includes("")) return auth;
  return Object.fromEntries(Object.entries(auth).filter(([, value]) => value !== ""));
}

/** The token that the signature covers: the first that is defined, even if empty. */
export function signedToken(params: ConnectParams): string {
  const { auth } = params;
  return auth?.token ?? auth?.deviceToken ?? auth?.bootstrapToken ?? "";
}

/** The program that connects, by its user agent, or by its id where it has none. */
function programIn({ client, userAgent }: ConnectParams, peer: Peer): string | undefined {
  return (
    programOf(userAgent) ?? programOf(peer.userAgent) ?? cleanText(`${client.id}/${client.version}`)
  );
}

/** What the client says about itself, cleaned for storing and showing. */
export function deviceTextOf(params: ConnectParams, peer: Peer): DeviceText {
  const { client } = params;
  const displayName = cleanText(client.displayName);
  const platform = cleanText(client.platform);
  const deviceFamily = cleanText(client.deviceFamily);
  const program = displayName === undefined ? programIn(params, peer) : undefined;
  const browserOrigin = cleanText(peer.origin, 256);
  const remoteIp = peer.directLoopback ? undefined : cleanText(peer.address);
  return {
    clientId: client.id,
    clientMode: client.mode,
    ...(displayName !== undefined && { displayName }),
    ...(program !== undefined && { program }),
    ...(platform !== undefined && { platform }),
    ...(deviceFamily !== undefined && { deviceFamily }),
    ...(browserOrigin !== undefined && { browserOrigin }),
    ...(remoteIp !== undefined && { remoteIp }),
  };
}
