import { GatewayClient, type GatewayClientOptions } from "@openclaw/gateway-client";
import { systemWords } from "../../lib/system-words.ts";
import { cleanText } from "../../lib/text.ts";
import { version } from "../../lib/version.ts";
import { READ } from "../../protocol/access.ts";
import { openclaw } from "../../protocol/command.ts";
import { onGateway, say, type Text } from "../../protocol/text.ts";
import type { Context } from "../kit/context.ts";
import { CliError } from "../kit/exit.ts";
import type { LinkListener } from "./admin-link.ts";
import { gatewayBehind, type ReachedGateway } from "./gateway.ts";
import { cliFolder, loadIdentity, rawKeyText, signText, TokenFile } from "./identity.ts";
import { hostnameForPeople, secretOption } from "./remote-options.ts";
import { PinWatch, refusePlain, transportFailure } from "./transport.ts";

const ROLE = "operator";

/**
 * Connects by URL as an ordinary client that has a device key of its own.
 * @throws CliError where the URL is wrong, the gateway refuses, or the device lacks scopes (those
 * are asked for)
 */
export async function openRemote(
  context: Context,
  needed: readonly string[],
  listener?: LinkListener,
): Promise<ReachedGateway> {
  const url = webSocketUrl(context.options.url ?? "");
  refusePlain(url, context.io.env);
  // Reading is asked for as well: without it a device can't ask for the scopes it lacks later.
  const scopes = [...new Set([READ, ...needed])].sort();
  const target = { context, url, listener };
  try {
    return await connect(target, scopes);
  } catch (error) {
    if (detailCode(error) !== "AUTH_SCOPE_MISMATCH") throw explain(error, url);
    throw await askForScopes(target, scopes);
  }
}

interface Target {
  readonly context: Context;
  readonly url: URL;
  /** Gets the events, and ends the connection when the gateway does: the client would come back. */
  readonly listener?: LinkListener | undefined;
}

function webSocketUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text.replace(/^http(?=s?:)/i, "ws")) : undefined;
  if (url?.protocol === "ws:" || url?.protocol === "wss:") return url;
  throw new CliError("usage", "--url: expected wss://host or ws://127.0.0.1:port");
}

/** `scopes` absent: those that the stored device token holds. */
async function connect(target: Target, scopes?: readonly string[]): Promise<ReachedGateway> {
  let settle: Settle = { ready() {}, failed() {} };
  const outcome = new Promise<void>((ready, failed) => {
    settle = { ready, failed };
  });
  const { listener } = target;
  const lost = (code: number, reason: string, isReady = false) => {
    const why = closed(code, reason);
    settle.failed(why);
    if (!listener || !isReady) return;
    client.stop();
    listener.ended(why);
  };
  const pin = new PinWatch();
  const options = await credentials(target, scopes);
  const { normalizeTlsFingerprint } = pin;
  const client: GatewayClient = new GatewayClient({
    ...options,
    hostDeps: { ...options.hostDeps, normalizeTlsFingerprint },
    onHelloOk: () => settle.ready(),
    onConnectError: (error) => settle.failed(pin.explained(error)),
    onClose: (code, reason, info) => lost(code, reason, info?.phase === "post-hello"),
    ...(listener && {
      onEvent: ({ event, payload }) => listener.event(event, payload),
      onGap: () => lost(0, "it left out an event", true),
    }),
  });
  client.start();
  await outcome.catch((error) => {
    client.stop();
    throw error;
  });
  return gatewayBehind({
    how: "remote",
    call: (method, params, timeoutMs) =>
      client.request<unknown>(method, params ?? {}, timeoutMs ? { timeoutMs } : {}),
    close: () => client.stopAndWait().catch(() => undefined),
  });
}

interface Settle {
  ready(): void;
  failed(error: Error): void;
}

/** The connection's options: URL, device key, scopes and secrets. */
async function credentials(
  { context, url }: Target,
  scopes: readonly string[] | undefined,
): Promise<GatewayClientOptions> {
  const { io, options } = context;
  const folder = cliFolder(io.env);
  const tokens = new TokenFile(folder);
  const key = `${url.origin}${url.pathname} ${ROLE}`;
  const token = await secretOption(context, "token");
  const password = await secretOption(context, "password");
  return {
    url: url.href,
    ...(token !== undefined && { token }),
    ...(password !== undefined && { password }),
    ...(options.tlsFingerprint !== undefined && { tlsFingerprint: options.tlsFingerprint }),
    env: io.env,
    clientName: "cli",
    mode: "cli",
    clientDisplayName: hostnameForPeople(),
    clientVersion: version,
    role: ROLE,
    scopes: [...(scopes ?? tokens.load(key)?.scopes ?? [])],
    deviceIdentity: loadIdentity(folder),
    hostDeps: {
      signDevicePayload: signText,
      publicKeyRawBase64UrlFromPem: rawKeyText,
      loadDeviceAuthToken: () => tokens.load(key),
      storeDeviceAuthToken: (given) =>
        tokens.store(key, { token: given.token, scopes: given.scopes }),
      clearDeviceAuthToken: () => tokens.clear(key),
    },
  };
}

function closed(code: number, reason: string): CliError {
  const words = cleanText(reason, 200) ?? "no reason given";
  return new CliError("unreachable", `the gateway closed the connection (${code}): ${words}`);
}

export function detailCode(error: unknown): unknown {
  return (error as { details?: { code?: unknown } } | undefined)?.details?.code;
}

/** The gateway can't know that it is a command line which lacks the secret. */
const missingSecrets: Readonly<Record<string, Text>> = {
  AUTH_TOKEN_MISSING: say`add --token - (a new one: ${onGateway(openclaw`token new`)})`,
  AUTH_PASSWORD_MISSING: "add --password -",
};

/** A failure to get through at all names where it was tried; refusals pass as they are. */
export function explain(error: unknown, url: URL): unknown {
  const missing = missingSecrets[String(detailCode(error))];
  if (missing !== undefined && error instanceof Error) {
    const code = String(detailCode(error));
    return new CliError("credentials", error.message, { next: missing, code, cause: error });
  }
  if (error instanceof CliError || detailCode(error) !== undefined) return error;
  if (!(error instanceof Error)) return error;
  const { gatewayCode } = error as { gatewayCode?: unknown };
  if (typeof gatewayCode === "string") {
    return new CliError("failed", error.message, { code: gatewayCode, cause: error });
  }
  const { code } = error as NodeJS.ErrnoException;
  const refused = transportFailure(error);
  const words = refused?.words ?? systemWords(error);
  const next = refused?.next ?? (words && REACH);
  const message = `no connection to ${url.host}: ${words ?? (error.message || code || "unknown reason")}`;
  return new CliError("unreachable", message, { code, next, cause: error });
}

const REACH = say`compare the address with what this says, ${onGateway(openclaw`gateway status`)}`;

/**
 * This device is paired with fewer scopes than the command needs: it asks for the rest, which the
 * owner then approves like any other request.
 */
async function askForScopes(target: Target, scopes: readonly string[]): Promise<CliError> {
  const gateway = await connect(target);
  try {
    const method = "device.scopes.requestUpgrade";
    const { requestId } = await gateway.request(method, { scopes });
    const approve = onGateway(openclaw`devices approve ${cleanText(requestId) ?? ""}`);
    return new CliError("credentials", "this command needs more than this device may do", {
      next: say`${approve} (then repeat the command here)`,
      code: "PAIRING_REQUIRED",
    });
  } finally {
    await gateway.close();
  }
}
