import type { AdmitMethod } from "../auth/admit.ts";
import type { Limits } from "../limits/table.ts";
import type { Call, Method } from "../methods/method.ts";
import { ADMIN, covers, READ, type Role } from "../protocol/access.ts";
import { eventNames } from "../protocol/events.ts";
import { encodeResult, RawJson } from "../protocol/frames.ts";
import { OPENCLAW_VERSION, type SpokenProtocol } from "../protocol/versions.ts";

/** What one `hello-ok` says beyond what all of them say. */
export interface HelloFacts {
  readonly requestId: string;
  readonly connId: string;
  readonly protocol: SpokenProtocol;
  readonly method: AdmitMethod;
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly deviceToken?: string | undefined;
  /** Tokens of the same device in its other roles, where a link granted several at once. */
  readonly deviceTokens?: readonly DeviceGrant[];
}

export interface DeviceGrant {
  readonly deviceToken: string;
  readonly role: Role;
  readonly scopes: readonly string[];
}

interface Deps {
  readonly methods: readonly Method[];
  readonly services: Call["services"];
  readonly limits: Limits;
  readonly bootId: string;
  readonly authMode: () => string;
}

/** Makes `hello-ok` responses (docs/protocol.md#what-hello-ok-says). What never changes is made once. */
export class Hello {
  readonly #features: string;
  readonly #policy: string;
  readonly #server: string;
  /** Milliseconds by the monotonic clock. */
  readonly #started: number;
  /** What administrators see of the host. */
  readonly #host: { configPath: string; stateDir: string };

  constructor(private readonly deps: Deps) {
    const methods = deps.methods
      .filter((method) => !method.access.hostOnly)
      .map(({ name }) => name);
    this.#features = JSON.stringify({
      methods,
      events: eventNames,
      // The second lets OpenClaw's command line ask for the models, of which there may be none.
      capabilities: ["pairing-wait", "published-model-catalog"],
    });
    this.#policy = JSON.stringify({
      maxPayload: deps.limits.maxPayloadBytes,
      maxBufferedBytes: deps.limits.bufferedBytes,
      tickIntervalMs: deps.limits.tickMs,
    });
    const { version, uptimeMs, configPath, stateDir } = deps.services.lifecycle.info;
    this.#started = deps.services.world.monotonic() - uptimeMs;
    this.#host = { configPath, stateDir };
    // What clients compare with OpenClaw's releases, and our own version beside it.
    const server = {
      version: OPENCLAW_VERSION,
      gatewayVersion: version,
      // A page tells by it which gateway answers at its address.
      fingerprint: deps.services.identity.fingerprint,
      bootId: deps.bootId,
    };
    this.#server = JSON.stringify(server).slice(1, -1);
  }

  /** The text of the `hello-ok` response. */
  text(facts: HelloFacts): string {
    const { services } = this.deps;
    const issuedAtMs = services.world.now();
    const others = facts.deviceTokens ?? [];
    const auth = {
      method: facts.method,
      role: facts.role,
      scopes: facts.scopes,
      ...(facts.deviceToken !== undefined && { deviceToken: facts.deviceToken, issuedAtMs }),
      ...(others.length > 0 && { deviceTokens: others.map((one) => ({ ...one, issuedAtMs })) }),
    };
    const payload =
      `{"type":"hello-ok","protocol":${facts.protocol}` +
      `,"server":{${this.#server},"connId":${JSON.stringify(facts.connId)}}` +
      `,"features":${this.#features},"snapshot":${this.#snapshot(facts)}` +
      `,"auth":${JSON.stringify(auth)},"policy":${this.#policy}}`;
    return encodeResult(facts.requestId, new RawJson(payload));
  }

  #snapshot(facts: HelloFacts): string {
    const { services } = this.deps;
    const sees = facts.role === "operator" && covers(facts.scopes, READ);
    const version = { presence: services.presence.version, health: services.health.version };
    const admin = facts.role === "operator" && covers(facts.scopes, ADMIN);
    const more = admin && { ...this.#host, authMode: this.deps.authMode() };
    const rest = {
      stateVersion: version,
      uptimeMs: Math.round(services.world.monotonic() - this.#started),
      suspension: { phase: "accepting" },
      sessionDefaults: services.agent.sessionDefaults(),
      ...more,
    };
    const presence = sees ? services.presence.list.text : "[]";
    const tail = JSON.stringify(rest).slice(1);
    return `{"presence":${presence},"health":${services.health.snapshot.text},${tail}`;
  }
}
