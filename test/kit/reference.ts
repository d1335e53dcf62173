import { createPublicKey } from "node:crypto";
import {
  type DeviceAuthTokenRecord,
  type DeviceIdentity,
  GatewayClient,
  type GatewayClientHostDeps,
  type GatewayClientOptions,
  type GatewayClientRequestError,
  type GatewayReconnectPausedInfo,
} from "@openclaw/gateway-client";
import { type Frame, makeDevice } from "./client.ts";
import { publicKeyRawBase64UrlFromPem, signDevicePayload } from "./reference-keys.mjs";
import { until } from "./until.ts";

/** What a host of the reference client keeps: a key pair as PEM and the tokens it was given. */
export class ReferenceDevice {
  readonly identity: DeviceIdentity;
  readonly tokens = new Map<string, DeviceAuthTokenRecord>();

  constructor() {
    const { deviceId, privateKey } = makeDevice();
    this.identity = {
      deviceId,
      privateKeyPem: String(privateKey.export({ type: "pkcs8", format: "pem" })),
      publicKeyPem: String(createPublicKey(privateKey).export({ type: "spki", format: "pem" })),
    };
  }

  get deviceId(): string {
    return this.identity.deviceId;
  }

  token(role = "operator"): string | undefined {
    return this.tokens.get(role)?.token;
  }

  get hostDeps(): GatewayClientHostDeps {
    return {
      loadOrCreateDeviceIdentity: () => this.identity,
      signDevicePayload,
      publicKeyRawBase64UrlFromPem,
      loadDeviceAuthToken: ({ role }) => this.tokens.get(role) ?? null,
      storeDeviceAuthToken: ({ role, token, scopes }) => {
        this.tokens.set(role, { token, scopes });
      },
      clearDeviceAuthToken: ({ role }) => {
        this.tokens.delete(role);
      },
    };
  }
}

interface Own {
  readonly device?: ReferenceDevice;
  /** Keeps no events: each tells a crowd of thousands of everybody in it. */
  readonly forgetsEvents?: boolean;
}
type Options = Partial<GatewayClientOptions> & Own;

/** The reference client with everything it reports kept in order. */
export class Reference {
  readonly client: GatewayClient;
  readonly hellos: Frame[] = [];
  readonly events: Frame[] = [];
  readonly refusals: GatewayClientRequestError[] = [];
  readonly closes: { code: number; reason: string }[] = [];
  readonly paused: GatewayReconnectPausedInfo[] = [];
  readonly gaps: { expected: number; received: number }[] = [];

  private constructor(url: string, { device, forgetsEvents = false, ...options }: Options) {
    this.client = new GatewayClient({
      url,
      mode: "ui",
      clientName: "gateway-client",
      clientDisplayName: "Reference client",
      clientVersion: "2026.9.1",
      platform: "linux",
      ...(device ? { hostDeps: device.hostDeps } : { deviceIdentity: null }),
      ...options,
      onHelloOk: (hello) => this.hellos.push(hello),
      onEvent: (event) => {
        if (!forgetsEvents) this.events.push(event);
      },
      onConnectError: (error) => this.refusals.push(error as GatewayClientRequestError),
      onClose: (code, reason) => this.closes.push({ code, reason }),
      onReconnectPaused: (info) => this.paused.push(info),
      onGap: (gap) => this.gaps.push(gap),
    });
  }

  static start(url: string, options: Options): Reference {
    const reference = new Reference(url, options);
    reference.client.start();
    return reference;
  }

  /** The `nth` hello-ok, counted from 1. */
  hello(nth = 1): Promise<Frame> {
    return until(
      () => this.hellos[nth - 1],
      () => `hello-ok ${nth} ${this.#story()}`,
    );
  }

  /** The `nth` refused connect. */
  refusal(nth = 1): Promise<GatewayClientRequestError & { details: Frame }> {
    const look = () => this.refusals[nth - 1] as GatewayClientRequestError & { details: Frame };
    return until(look, () => `refusal ${nth} ${this.#story()}`);
  }

  close(nth = 1): Promise<{ code: number; reason: string }> {
    return until(
      () => this.closes[nth - 1],
      () => `close ${nth} ${this.#story()}`,
    );
  }

  pause(nth = 1): Promise<GatewayReconnectPausedInfo> {
    return until(
      () => this.paused[nth - 1],
      () => `pause ${nth} ${this.#story()}`,
    );
  }

  event(matches: (event: Frame) => boolean): Promise<Frame> {
    return until(() => this.events.find(matches), "an event");
  }

  request(method: string, params?: unknown): Promise<Frame> {
    return this.client.request(method, params);
  }

  stop(): Promise<void> {
    return this.client.stopAndWait();
  }

  #story(): string {
    const refused = this.refusals.map(({ message }) => message);
    return JSON.stringify({ refused, closes: this.closes, paused: this.paused });
  }
}
