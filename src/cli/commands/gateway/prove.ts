import dns from "node:dns";
import { isIP } from "node:net";
import { GatewayClient } from "@openclaw/gateway-client";
import { systemWords } from "../../../lib/system-words.ts";
import { cleanText } from "../../../lib/text.ts";
import { version } from "../../../lib/version.ts";
import { READ } from "../../../protocol/access.ts";
import type { Context } from "../../kit/context.ts";
import { remark } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { notRunning, openRunning } from "../../reach/connect.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { type CliIdentity, newIdentity, rawKeyText, signText } from "../../reach/identity.ts";

/** Longer than a busy machine takes to answer, shorter than people wait. */
const PATIENCE_MS = 15_000;

interface ProveOptions {
  readonly connectTo?: string;
}

const NAME = "proof of the installation";

/**
 * `openclaw gateway prove <url>`: shows that devices get in through `url` (a proxy's, say). Invites
 * a device with a key of the moment, connects as it, asks the gateway something, and removes it,
 * also after a failure.
 * @throws CliError where the gateway does not run, or a step fails
 */
export const prove: Run<ProveOptions> = async (context, [text = ""], { connectTo }) => {
  const url = webSocketUrl(text);
  if (connectTo !== undefined) leadTo(connectTo);
  const owner = await openRunning(context);
  if (!owner) throw notRunning();
  try {
    const started = performance.now();
    await proveThrough(url, owner, context);
    const ms = Math.round(performance.now() - started);
    remark(context, `A device was paired through ${url.origin}, answered, and removed: ${ms} ms.`);
  } finally {
    await owner.close();
  }
};

/**
 * All names lead to `address` for the rest of this process: a machine behind NAT does not get to
 * itself by its public name. The client has no option for it.
 */
function leadTo(address: string): void {
  const family = isIP(address);
  if (family === 0) throw new CliError("usage", "--connect-to: expected an IP address");
  type Answer = (error: null, found: string | object[], family?: number) => void;
  const answer = (_name: string, options: { all?: boolean }, done: Answer) =>
    options.all ? done(null, [{ address, family }]) : done(null, address, family);
  Object.assign(dns, { lookup: answer });
}

function webSocketUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text.replace(/^http(?=s?:)/i, "ws")) : undefined;
  if (url?.protocol === "ws:" || url?.protocol === "wss:") return url;
  throw new CliError("usage", "expected wss://host or ws://127.0.0.1:port");
}

async function proveThrough(url: URL, owner: ReachedGateway, context: Context): Promise<void> {
  const params = { role: "operator", scopes: [READ], name: NAME } as const;
  const invite = await owner.request("device.pair.invite", params);
  const secret = /#invite=([\w-]+)$/.exec(invite.url)?.[1];
  if (secret === undefined) throw new CliError("failed", "the gateway gave no invite");
  const identity = newIdentity();
  try {
    await useInvite({ url, identity, secret, context });
  } finally {
    const { deviceId } = identity;
    // Where the invite was not used there is no such device.
    await owner.request("device.pair.remove", { deviceId }).catch(() => undefined);
  }
}

interface Guest {
  readonly url: URL;
  readonly identity: CliIdentity;
  readonly secret: string;
  readonly context: Context;
}

/** Connects by the invite and asks for the gateway's health. */
async function useInvite(guest: Guest): Promise<void> {
  let client: GatewayClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const failed = (why: string, cause?: unknown) =>
        reject(
          new CliError("failed", `no device gets in through ${guest.url.origin}: ${why}`, {
            cause,
          }),
        );
      timer = setTimeout(failed, PATIENCE_MS, `no answer within ${PATIENCE_MS / 1000} s`);
      client = new GatewayClient({
        ...credentials(guest),
        onHelloOk: () => resolve(),
        onConnectError: (error) =>
          failed(systemWords(error) ?? cleanText(error.message, 300) ?? "refused", error),
        onClose: (code, reason) => failed(`closed with ${code} ${cleanText(reason, 200) ?? ""}`),
      });
      client.start();
    });
    await client?.request("health", {}, { timeoutMs: PATIENCE_MS });
  } finally {
    clearTimeout(timer);
    await client?.stopAndWait().catch(() => undefined);
  }
}

function credentials({ url, identity, secret, context }: Guest) {
  const { io, options } = context;
  return {
    url: url.href,
    bootstrapToken: secret,
    ...(options.tlsFingerprint !== undefined && { tlsFingerprint: options.tlsFingerprint }),
    env: io.env,
    clientName: "cli" as const,
    mode: "cli" as const,
    clientDisplayName: NAME,
    clientVersion: version,
    role: "operator",
    scopes: [READ],
    deviceIdentity: identity,
    hostDeps: {
      signDevicePayload: signText,
      publicKeyRawBase64UrlFromPem: rawKeyText,
      loadDeviceAuthToken: () => null,
      storeDeviceAuthToken: () => undefined,
      clearDeviceAuthToken: () => undefined,
    },
  };
}
