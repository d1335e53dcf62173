import { audienceOf, isBrowserUi, mayShowToken } from "../auth/admit.ts";
import type { AdmissionPolicy, ConnectFacts, Evidence, SecretCheck } from "../auth/facts.ts";
import { decodePublicKey } from "../auth/identity.ts";
import { deriveToken } from "../auth/tokens.ts";
import type { GatewayConfig } from "../config/schema.ts";
import { devicelessCliMode } from "../config/settings.ts";
import { SharedLists } from "../lib/shared-lists.ts";
import type { Limits } from "../limits/table.ts";
import type { Call } from "../methods/method.ts";
import { heldRoles, heldScopes } from "../pairing/authority.ts";
import type { Invite } from "../pairing/records.ts";
import type { Setups } from "../pairing/setups.ts";
import { type Actor, coversAll, type Role } from "../protocol/access.ts";
import type { SshWay } from "../protocol/approve-line.ts";
import { closes } from "../protocol/close.ts";
import { at, openclaw } from "../protocol/command.ts";
import { calledHere, isCoded, RequestError } from "../protocol/errors.ts";
import { encodeError, type RequestFrame } from "../protocol/frames.ts";
import { offeredScopes } from "../protocol/nodes-right.ts";
import * as refusals from "../protocol/refusals.ts";
import { say } from "../protocol/text.ts";
import { SERVER_PROTOCOL, spokenWith } from "../protocol/versions.ts";
import { addressWords, clientKind } from "../words/device.ts";
import {
  type ConnectParams,
  connectProblem,
  credentialsOf,
  deviceTextOf,
  namesWorker,
} from "./connect-params.ts";
import type { Connection } from "./connection.ts";
import {
  type ConnectCase,
  checkSecret,
  type EvidenceDeps,
  liveToken,
  type Resolved,
  resolve,
} from "./evidence.ts";
import type { DeviceGrant, Hello } from "./hello.ts";
import { greetNode } from "./node-session.ts";
import { judgeOrigin, type OriginPolicy } from "./origin.ts";
import type { ConnectionPool } from "./pool.ts";
import type { RuntimeState } from "./runtime-state.ts";

/** What the owner configured, as far as a handshake needs it. Read anew for every connect. */
export interface HandshakePolicy extends AdmissionPolicy {
  readonly origins: OriginPolicy;
}

export interface HandshakeDeps extends EvidenceDeps {
  readonly limits: Limits;
  readonly hello: Hello;
  readonly services: Call["services"];
  readonly setups: Setups;
  readonly policy: () => HandshakePolicy;
  /** How the command line is called on this host. */
  readonly command: string;
  readonly sshWay: () => SshWay;
  readonly state: Pick<RuntimeState, "phase" | "telemetry">;
  /** Told what becomes of the connection: that it is ready (before hello-ok is sent), or waits. */
  readonly pool: Pick<ConnectionPool, "ready" | "waits" | "hasPlaceFor">;
}

/** The policy that a configuration means. */
export function handshakePolicy(config: GatewayConfig): HandshakePolicy {
  const { auth, pairing, controlUi, publicUrl } = config.gateway;
  return {
    secretKind: auth.mode,
    pairingOpen: pairing.open,
    hasPublicUrl: publicUrl !== undefined,
    devicelessCli: devicelessCliMode(config),
    origins: { allowed: controlUi.allowedOrigins, publicUrl },
  };
}

const SCOPE_LISTS = 256;

type Admitted = Extract<Resolved, { kind: "admit" }>;
type Pairs = Extract<Resolved, { kind: "pair" }>;

/** Decides one connect and acts on the decision. */
export class Handshake {
  /** Of the connections, most of which hold the same. */
  readonly #scopeLists = new SharedLists(SCOPE_LISTS);

  constructor(private readonly deps: HandshakeDeps) {}

  async run(connection: Connection, frame: RequestFrame, nonce: string): Promise<void> {
    try {
      await this.#run(connection, frame, nonce);
    } catch (error) {
      this.#refuse(connection, frame, this.#failure(error));
    }
  }

  /**
   * The refusal for an error. A known error's cause and cure reach the client; an unknown one is in
   * the log alone.
   */
  #failure(error: unknown): refusals.Refusal {
    if (error instanceof RequestError) return refusals.passedOn(error.shape);
    if (isCoded(error)) return refusals.storeUnavailable(error.next);
    this.deps.state.telemetry.failed("a connect failed", { what: "connect", err: error });
    const log = at("gateway", openclaw`logs`);
    return refusals.storeUnavailable(say`see the log of the gateway: ${log}`);
  }

  async #run(connection: Connection, frame: RequestFrame, nonce: string): Promise<void> {
    if (namesWorker(frame.params)) return connection.close(closes.workerRefused);
    const problem = connectProblem(frame.params, this.deps.limits);
    if (problem) return this.#refuse(connection, frame, refusals.invalidConnectParams(problem));
    const params = frame.params as ConnectParams;
    const policy = this.deps.policy();
    const c: ConnectCase = {
      facts: this.#facts(connection, params, policy),
      params,
      policy,
      nonce,
      source: connection.socket.peer.source,
      counted: new Set(),
    };
    let evidence: Evidence = {};
    let decision = resolve(c, evidence, this.deps);
    for (;;) {
      const more = this.#mustWait(decision, c);
      if (!more) break;
      const secretWas = this.deps.secrets.mark(policy.secretKind);
      const checked = await more;
      if (!connection.isOpen) return;
      // The owner may have acted meanwhile: what was read from state is read again, and a verdict
      // about a secret that is no longer in force counts for nothing.
      const { proof, secret = checked } = evidence;
      evidence = proof === undefined ? {} : { proof };
      const inForce = this.deps.secrets.mark(policy.secretKind) === secretWas;
      if (inForce && secret) evidence.secret = secret;
      decision = resolve(c, evidence, this.deps);
    }
    // No await from the decision to here and on into the registry: who is revoked in between would
    // be admitted unnoticed.
    if (decision.kind === "refuse") this.#refuse(connection, frame, decision.refusal);
    else if (decision.kind === "pair") await this.#pair(connection, frame, { c, decision });
    else if (decision.kind === "admit") await this.#admit(connection, frame, { c, decision });
  }

  /** What has to end before the decision can be made, or acted upon; `undefined` when nothing has. */
  #mustWait(decision: Resolved, c: ConnectCase): Promise<SecretCheck | undefined> | undefined {
    if (decision.kind === "check-secret") return checkSecret(c, this.deps);
    if (decision.kind !== "pair") return undefined;
    return this.deps.pairing.pendingDurability(c.params.device?.id ?? "")?.then(() => undefined);
  }

  #facts(connection: Connection, params: ConnectParams, policy: HandshakePolicy): ConnectFacts {
    const { peer } = connection.socket;
    const { id: clientId, mode: clientMode } = params.client;
    return {
      phase: this.deps.state.phase,
      minProtocol: params.minProtocol,
      maxProtocol: params.maxProtocol,
      clientId,
      clientMode,
      role: params.role ?? "operator",
      scopes: [...new Set(params.scopes ?? [])],
      hasDevice: params.device !== undefined,
      waits: params.caps?.includes("pairing-wait") ?? false,
      auth: credentialsOf(params),
      ...judgeOrigin(peer, isBrowserUi({ clientId, clientMode }), policy.origins),
      directLoopback: peer.directLoopback,
    };
  }

  #refuse(connection: Connection, frame: RequestFrame, refusal: refusals.Refusal): void {
    if (!connection.isOpen) return;
    const error = refusal.error.details
      ? { ...refusal.error, details: this.#detailsHere(refusal.error.details) }
      : refusal.error;
    connection.refused = true;
    this.deps.state.telemetry.connectRefused(connection, refusal, frame.params);
    connection.send(encodeError(frame.id, error));
    connection.close(refusal.close);
  }

  #detailsHere(details: Record<string, unknown>): Record<string, unknown> {
    const { fingerprint } = this.deps.services.identity;
    return { ...calledHere(details, this.deps.command), fingerprint };
  }

  /** Asks the owner. Clients that can wait stay connected; all others are closed with the code. */
  async #pair(
    connection: Connection,
    frame: RequestFrame,
    with_: { c: ConnectCase; decision: Pairs },
  ): Promise<void> {
    const { c, decision } = with_;
    const { peer } = connection.socket;
    const deviceId = c.params.device?.id ?? "";
    const scopes = decision.role === "operator" ? c.facts.scopes : [];
    const pending = await this.deps.pairing.request({
      deviceId,
      publicKey: canonicalKey(c.params),
      role: decision.role,
      scopes,
      text: deviceTextOf(c.params, peer),
      source: peer.source,
      ...(decision.withSecret && { secretEpoch: this.#secretEpoch() }),
    });
    if (!connection.isOpen) return;
    const device = this.deps.pairing.device(deviceId);
    const held = heldScopes(device);
    const refusal = refusals.pairingRequired({
      reason: decision.reason,
      requestId: pending.requestId,
      deviceId,
      role: decision.role,
      scopes,
      offered: offeredScopes(scopes, held),
      ...(device && { approved: { roles: heldRoles(device), scopes: held } }),
      kind: clientKind(pending),
      address: addressWords(pending.remoteIp),
      fingerprint: this.deps.services.identity.fingerprint,
      command: this.deps.command,
      way: this.deps.sshWay(),
      ...(c.facts.waits && { waitingUntilMs: pending.expiresAtMs }),
    });
    if (!c.facts.waits) return this.#refuse(connection, frame, refusal);
    this.deps.state.telemetry.connectRefused(connection, refusal);
    const answer = encodeError(frame.id, refusal.error);
    connection.wait({ requestId: pending.requestId, deviceId, answer });
    this.deps.pool.waits(connection);
  }

  async #admit(
    connection: Connection,
    frame: RequestFrame,
    with_: { c: ConnectCase; decision: Admitted },
  ): Promise<void> {
    const { c, decision } = with_;
    const deviceId = keyThatCounts(c, decision);
    if (!this.deps.pool.hasPlaceFor(connection, deviceId === undefined ? {} : { deviceId })) {
      return this.#refuse(connection, frame, refusals.deviceCrowded());
    }
    if (decision.inviteId === undefined) return this.#welcome(connection, frame, with_);
    await this.#redeem(connection, c, decision);
    if (!connection.isOpen) return this.deps.setups.told(decision.inviteId, false);
    // Asked after the wait, because the device may have been removed or revoked during it.
    const verdict = this.deps.pairing.links.check(
      c.facts.auth.bootstrapToken ?? "",
      c.params.device?.id ?? "",
    );
    if (!verdict.ok) {
      return this.#refuse(
        connection,
        frame,
        refusals.inviteInvalid(verdict.problem, audienceOf(c.facts)),
      );
    }
    this.#welcome(connection, frame, { ...with_, link: verdict.invite });
    this.deps.setups.told(decision.inviteId, connection.isOpen);
  }

  #welcome(
    connection: Connection,
    frame: RequestFrame,
    { c, decision, link }: { c: ConnectCase; decision: Admitted; link?: Invite },
  ): void {
    const deviceId = keyThatCounts(c, decision);
    const protocol = spokenWith(c.facts.minProtocol, c.facts.maxProtocol) ?? SERVER_PROTOCOL;
    const cap = connection.socket.peer.scopeCap;
    const scopes = this.#scopeLists.of(
      cap ? decision.scopes.filter((s) => coversAll(cap, [s])) : decision.scopes,
    );
    const actor: Actor = {
      role: decision.role,
      scopes,
      method: decision.method,
      deviceId,
      address: connection.socket.peer.address || undefined,
    };
    if (deviceId !== undefined) {
      // A device that connected by its token holds it; until then the approval stands in for it.
      const presented = decision.method === "device-token" && mayShowToken(c.facts);
      const tookToken = presented ? decision.role : undefined;
      this.deps.pairing.seen(deviceId, { reason: "connect", tookToken });
    }
    connection.protocol = protocol;
    this.deps.pool.ready(connection, actor, c.params);
    const deviceToken = this.#token(c, decision.scopes);
    const hello = this.deps.hello.text({
      requestId: frame.id,
      connId: connection.id,
      protocol,
      method: decision.method,
      role: decision.role,
      scopes,
      deviceToken,
      ...(link && { deviceTokens: this.#otherTokens(link, deviceId ?? "", decision.role) }),
    });
    connection.ready(actor, hello);
    if (actor.role === "node") greetNode(connection);
  }

  /** Of the shared secret that admits now. */
  #secretEpoch(): number {
    return this.deps.secrets.epoch(this.deps.policy().secretKind);
  }

  /** The device's tokens for the roles that the link granted besides the one it connects with. */
  #otherTokens({ roles }: Invite, deviceId: string, role: Role): DeviceGrant[] {
    const tokens = this.deps.pairing.device(deviceId)?.tokens;
    return roles.flatMap((other) => {
      const record = tokens?.[other];
      if (other === role || !record || record.revokedAtMs !== undefined) return [];
      const { generation, scopes } = record;
      const deviceToken = deriveToken(this.deps.tokenKey, { deviceId, role: other, generation });
      return [{ deviceToken, role: other, scopes }];
    });
  }

  async #redeem(connection: Connection, c: ConnectCase, decision: Admitted): Promise<void> {
    await this.deps.pairing.links.redeem(c.facts.auth.bootstrapToken ?? "", {
      ...deviceTextOf(c.params, connection.socket.peer),
      deviceId: c.params.device?.id ?? "",
      publicKey: canonicalKey(c.params),
      roles: [decision.role],
      scopes: decision.scopes,
    });
  }

  /** The device's token, which can be given at every connect because it is derived. */
  #token(c: ConnectCase, scopes: readonly string[]): string | undefined {
    const live = liveToken(c, this.deps);
    return live && coversAll(live.scopes, scopes) ? live.token : undefined;
  }
}

/** The device that the connection is of; none where it was let in as if it had no key. */
function keyThatCounts(c: ConnectCase, decision: Admitted): string | undefined {
  return decision.withoutKey ? undefined : c.params.device?.id;
}

function canonicalKey(params: ConnectParams): string {
  const raw = decodePublicKey(params.device?.publicKey ?? "");
  return raw ? raw.toString("base64url") : "";
}
