import { randomUUID } from "node:crypto";
import { GatewayClient, type GatewayClientOptions } from "@openclaw/gateway-client";
import { cleanText } from "../../lib/text.ts";
import { version } from "../../lib/version.ts";
import { openclaw } from "../../protocol/command.ts";
import { onGateway, say, type Text } from "../../protocol/text.ts";
import { CliError } from "../kit/exit.ts";
import { type CliIdentity, rawKeyText, signText, type TokenFile } from "../reach/identity.ts";
import { detailCode, explain } from "../reach/remote.ts";
import { PinWatch, refusePlain } from "../reach/transport.ts";
import { type AllowFile, readAllowFile } from "./allow-file.ts";
import { declaredCommands } from "./commands.ts";
import { DeclaredCommands } from "./declared-commands.ts";
import { type InvokeRequest, Invokes } from "./invokes.ts";
import { Programs } from "./process.ts";
import { type ConnectTarget, MAKE_LINK } from "./target.ts";
import type { HostEvent } from "./words.ts";

export interface HostOptions {
  readonly target: ConnectTarget;
  readonly name: string;
  readonly identity: CliIdentity;
  readonly tokens: TokenFile;
  readonly allowPath: string;
  readonly env: NodeJS.ProcessEnv;
  readonly token?: string | undefined;
  readonly password?: string | undefined;
  readonly tlsFingerprint?: string | undefined;
  readonly tell: (event: HostEvent) => void;
}

const ROLE = "node";
/** Milliseconds between the first questions whether the owner has approved. */
const ASK_FIRST_MS = 1_000;
const ASK_LAST_MS = 5_000;
/** A request lives for 30 minutes after it was last asked; one that is gone before that was rejected. */
const REQUEST_LIVES_MS = 25 * 60_000;
const LOCKED_MS = 30_000;

/** Keeps this machine connected as a node until it is stopped or told to go away. */
export class NodeHost {
  readonly #invokes: Invokes;
  readonly #capabilities: DeclaredCommands;
  readonly #key: string;
  /** Tells this run from another one with the same key, and from its own lost connections. */
  readonly #instanceId = randomUUID();
  #client: GatewayClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #asked: { requestId: string; atMs: number } | undefined;
  #pauseMs = ASK_FIRST_MS;
  #said = "";
  #declared: string | undefined;
  #useInvite: boolean;
  #end: { resolve(): void; reject(error: unknown): void } | undefined;

  constructor(private readonly options: HostOptions) {
    const { url, invite } = options.target;
    this.#key = `${url.origin}${url.pathname} ${ROLE}`;
    this.#useInvite = invite !== undefined;
    const log = (message: string) => options.tell({ event: "note", message });
    this.#invokes = new Invokes({ allowPath: options.allowPath, programs: new Programs(), log });
    this.#capabilities = new DeclaredCommands({
      tell: options.tell,
      refresh: () => this.#declareAnew(),
    });
  }

  /** Resolves after {@link stop}; rejects with what can't be helped by trying again. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
      this.options.tell({ event: "connecting", url: this.options.target.url.href });
      try {
        refusePlain(this.options.target.url, this.options.env);
        this.#dial();
      } catch (error) {
        reject(error);
      }
    });
  }

  /** Ends what runs, says goodbye, and lets {@link run} resolve. */
  async stop(): Promise<void> {
    await this.#hangUp();
    this.#end?.resolve();
  }

  async #hangUp(): Promise<void> {
    clearTimeout(this.#timer);
    this.#capabilities.stop();
    this.#invokes.cancelAll();
    const client = this.#client;
    this.#client = undefined;
    await client?.stopAndWait().catch(() => undefined);
  }

  async #fail(error: unknown): Promise<void> {
    await this.#hangUp();
    this.#end?.reject(error);
  }

  #dial(): void {
    let lastError: unknown;
    const pin = new PinWatch();
    const options = this.#clientOptions();
    const { normalizeTlsFingerprint } = pin;
    const client: GatewayClient = new GatewayClient({
      ...options,
      hostDeps: { ...options.hostDeps, normalizeTlsFingerprint },
      onHelloOk: () => this.#ready(client),
      onConnectError: (error) => {
        lastError = pin.explained(error);
        if (client === this.#client) this.#refused(lastError);
      },
      onReconnectPaused: () => {
        if (client === this.#client) void this.#fail(explain(lastError, this.options.target.url));
      },
      onClose: (code, reason, info) => {
        if (client !== this.#client) return;
        this.#invokes.cancelAll();
        if (info?.phase === "post-hello") this.#lost(code, reason);
      },
      onEvent: ({ event, payload }) => this.#heard(client, event, payload),
    });
    this.#client = client;
    client.start();
  }

  #clientOptions(): GatewayClientOptions {
    const { target, identity, tokens, name, token, password, env } = this.options;
    const { tlsFingerprint = target.tlsFingerprint } = this.options;
    const stored = tokens.load(this.#key);
    const bootstrapToken = this.#useInvite ? target.invite : undefined;
    const secret = {
      ...(token !== undefined && { token }),
      ...(password !== undefined && { password }),
    };
    const hasSecret = stored !== null || Object.keys(secret).length > 0;
    // Without any credential it asks for approval, which only clients that can wait may do.
    const caps =
      bootstrapToken === undefined && !hasSecret ? ["pairing-wait", "system"] : ["system"];
    return {
      url: target.url.href,
      ...(bootstrapToken !== undefined && { bootstrapToken, preferBootstrapToken: true }),
      // A token of its own costs the gateway less, and the shared secret may have changed since.
      ...(stored === null && secret),
      ...(tlsFingerprint !== undefined && { tlsFingerprint }),
      env,
      clientName: "node-host",
      mode: "node",
      clientDisplayName: name,
      instanceId: this.#instanceId,
      clientVersion: version,
      platform: process.platform,
      ...(process.platform === "linux" && { deviceFamily: "Linux" }),
      role: ROLE,
      scopes: [],
      caps,
      commands: declaredCommands(this.#readAllow()),
      deviceIdentity: identity,
      hostDeps: {
        signDevicePayload: signText,
        publicKeyRawBase64UrlFromPem: rawKeyText,
        loadDeviceAuthToken: () => tokens.load(this.#key),
        storeDeviceAuthToken: (given) =>
          tokens.store(this.#key, { token: given.token, scopes: given.scopes }),
        clearDeviceAuthToken: () => tokens.clear(this.#key),
      },
    };
  }

  #readAllow(): AllowFile {
    const allow = readAllowFile(this.options.allowPath);
    if (allow.kind === "bad") {
      const message = say`the allow-list ${allow.path} ${allow.problem}, so nothing is run: ${allow.next}`;
      this.#tellOnce({ event: "note", message });
    }
    if (allow.kind === "list") {
      for (const problem of allow.list.problems) {
        this.#tellOnce({ event: "note", message: `${allow.path} ${problem}; it allows nothing` });
      }
    }
    return allow;
  }

  #ready(client: GatewayClient): void {
    this.#useInvite = false;
    this.#asked = undefined;
    this.#pauseMs = ASK_FIRST_MS;
    this.#said = "";
    const commands = declaredCommands(this.#readAllow());
    const gateway = this.options.target.url.host;
    this.options.tell({ event: "connected", gateway, commands });
    // `pair-node`, which only pairs, has hung up by now.
    if (client !== this.#client) return;
    this.#capabilities.start((method, params) => client.request(method, params));
  }

  #heard(client: GatewayClient, event: string, payload: unknown): void {
    if (client !== this.#client) return;
    const facts = (payload ?? {}) as Record<string, unknown>;
    if (event === "node.invoke.request") {
      void this.#invokes.run(facts as unknown as InvokeRequest, (method, params) =>
        client.request(method, params),
      );
    } else if (event === "node.invoke.cancel") this.#invokes.cancel(String(facts["invokeId"]));
    else if (event === "node.standby") this.#capabilities.standby(facts["standby"] === true);
    else if (event === "node.pair.resolved") this.#capabilities.resolved(facts["decision"]);
  }

  #lost(code: number, reason: string): void {
    this.#capabilities.stop();
    const words = cleanText(reason, 120) ?? "no reason given";
    this.options.tell({ event: "disconnected", reason: `${code}: ${words}` });
  }

  /** One connect failed. The client tries again by itself, except where this host knows better. */
  #refused(error: unknown): void {
    const code = String(detailCode(error));
    if (code === "PAIRING_REQUIRED") return this.#asks(error);
    if (TOKEN_ENDED.has(code) && this.options.tokens.load(this.#key)) {
      this.options.tokens.clear(this.#key);
      this.options.tell({ event: "unpaired" });
      return this.#again(ASK_FIRST_MS);
    }
    if (code === "AUTH_BOOTSTRAP_TOKEN_INVALID" && this.options.tokens.load(this.#key)) {
      // A link that was used already, by a machine that is paired: its token opens the door.
      this.#useInvite = false;
      return this.#again(0);
    }
    const why = plain(explain(error, this.options.target.url));
    if (isFinal(error)) return void this.#fail(this.#final(error));
    const next = why.next === undefined ? {} : { next: why.next };
    this.#tellOnce({ event: "unreachable", message: why.message, ...next });
    if (code === "AUTH_RATE_LIMITED") {
      this.#again((error as { retryAfterMs?: number }).retryAfterMs ?? LOCKED_MS);
    }
  }

  #final(error: unknown): unknown {
    const wrongRole = detailCode(error) === "INVALID_ROLE";
    if (!this.#useInvite || !wrongRole) return explain(error, this.options.target.url);
    return new CliError("credentials", "that link is not one for a node", {
      next: MAKE_LINK,
    });
  }

  #asks(error: unknown): void {
    const details = (error as { details?: Record<string, unknown> }).details ?? {};
    const requestId = cleanText(details["requestId"]) ?? "";
    const before = this.#asked;
    const now = Date.now();
    if (before && before.requestId !== requestId && now - before.atMs < REQUEST_LIVES_MS) {
      return void this.#fail(turnedDown(before.requestId));
    }
    this.#asked = { requestId, atMs: now };
    const fingerprint = cleanText(details["fingerprint"]) ?? "unknown";
    this.#tellOnce({ event: "waiting", requestId, fingerprint });
    this.#again(this.#pauseMs);
    this.#pauseMs = Math.min(ASK_LAST_MS, this.#pauseMs * 1.5);
  }

  /** Another connect with another client, because this one would wait longer or not come back. */
  #again(pauseMs: number): void {
    const before = this.#client;
    this.#client = undefined;
    before?.stop();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#dial(), pauseMs);
  }

  /** The allow-list came or went: what is offered changes with it. */
  #declareAnew(): void {
    const commands = declaredCommands(this.#readAllow());
    if (commands.join() === this.#declared) return;
    const pending = onGateway(openclaw`nodes pending`);
    const message = say`offers ${commands.join(", ")} now; what is new waits, ${pending}`;
    if (this.#declared !== undefined) {
      this.options.tell({ event: "note", message });
      this.#client?.updateNodeManifest({ caps: ["system"], commands });
    }
    this.#declared = commands.join();
  }

  /** A line that would only be repeated by every attempt is said once. */
  #tellOnce(event: HostEvent): void {
    const text = JSON.stringify(event);
    if (text === this.#said) return;
    this.#said = text;
    this.options.tell(event);
  }
}

/** What the gateway says of a device token that it no longer knows, with and without a shared one. */
const TOKEN_ENDED = new Set([
  "AUTH_DEVICE_TOKEN_MISMATCH",
  "AUTH_TOKEN_MISMATCH",
  "AUTH_TOKEN_NOT_CONFIGURED",
]);

/** A refusal that another attempt would only meet again. */
function isFinal(error: unknown): boolean {
  const { gatewayCode, retryable } = error as { gatewayCode?: unknown; retryable?: unknown };
  return typeof gatewayCode === "string" && gatewayCode !== "UNAVAILABLE" && retryable !== true;
}

function plain(error: unknown): { message: string; next?: Text | undefined } {
  if (error instanceof CliError) return { message: error.message, next: error.next };
  return { message: error instanceof Error ? error.message : String(error) };
}

function turnedDown(requestId: string): CliError {
  return new CliError("credentials", `the request ${requestId} was turned down`, {
    next: "ask the gateway's owner, then run the command again",
    code: "PAIRING_REJECTED",
  });
}
