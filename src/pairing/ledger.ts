import { type Limits, limitTable } from "../limits/table.ts";
import { type Actor, coversAll, type Role, union } from "../protocol/access.ts";
import { invalidRequest, unknownCode } from "../protocol/errors.ts";
import { isWholeCode, normalizeCode, requestCode } from "../words/code.ts";
import { accessWords } from "../words/device.ts";
import { cutAsk } from "../words/request-card.ts";
import { approvalProblem, heldScopes, mayManage } from "./authority.ts";
import type {
  Device,
  DeviceText,
  PairingChange,
  PairingState,
  Pending,
  Replacement,
  Resolution,
  TokenRecord,
} from "./records.ts";

/** The ledger decides what a request, an approval or a rejection changes. It is pure: no clock of its
 * own, no randomness of its own, no storage. */
export interface LedgerContext {
  /** Wall clock, milliseconds. */
  readonly now: number;
  readonly gatewayId: string;
  readonly limits: Limits;
  /** A fresh random nonce, hex. */
  readonly nonce: () => string;
}

/** What a device asks for. */
export interface Ask {
  readonly deviceId: string;
  readonly publicKey: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly text: DeviceText;
  readonly source: string;
  readonly secretEpoch?: number | undefined;
}

export interface RequestOutcome {
  readonly pending: Pending;
  readonly changes: readonly PairingChange[];
  /** `refreshed` keeps the id; its changes need no durability. */
  readonly kind: "new" | "refreshed";
  /** Requests that this one pushed out, with why. */
  readonly gone: readonly { pending: Pending; why: Resolution }[];
}

/** The live request of a device, if it has one. */
export function pendingOf(state: PairingState, deviceId: string, now: number): Pending | undefined {
  const requestId = state.pendingOf.get(deviceId);
  const pending = requestId === undefined ? undefined : state.pending.get(requestId);
  return pending && pending.expiresAtMs > now ? pending : undefined;
}

/** Records that a device asks for `ask`: a retry keeps its id, a wider ask replaces the old one. */
export function request(state: PairingState, ask: Ask, context: LedgerContext): RequestOutcome {
  const before = pendingOf(state, ask.deviceId, context.now);
  const expiresAtMs = context.now + context.limits.pendingMs;
  if (before?.roles.includes(ask.role) && coversAll(before.scopes, ask.scopes)) {
    const pending = { ...before, ...deviceText(ask.text), source: ask.source, expiresAtMs };
    return { pending, kind: "refreshed", changes: [{ op: "pending", pending }], gone: [] };
  }
  const roles = [...new Set([...(before?.roles ?? []), ask.role])];
  const gathered = union(before?.scopes ?? [], ask.scopes);
  // Whoever keeps asking for something new must not make the request grow without end.
  const fits = gathered.length <= context.limits.scopesPerRequest;
  const scopes = fits ? gathered : union([], ask.scopes);
  const pending: Pending = {
    ...deviceText(ask.text),
    ...freshCode(state, { deviceId: ask.deviceId, roles, scopes }, context),
    deviceId: ask.deviceId,
    publicKey: ask.publicKey,
    role: ask.role,
    roles,
    scopes,
    source: ask.source,
    isRepair: state.devices.has(ask.deviceId),
    ...(ask.secretEpoch !== undefined && { secretEpoch: ask.secretEpoch }),
    ts: context.now,
    expiresAtMs,
  };
  const gone = before
    ? [{ pending: before, why: "superseded" as const }]
    : evicted(state, ask.source, context.limits);
  const { words: asks } = cutAsk(accessWords(pending), context.limits.askChars);
  const replacement = { by: pending.requestId, asks };
  const changes: PairingChange[] = [
    ...gone.map(({ pending: old, why }) =>
      pendingGone(old.requestId, why, why === "superseded" ? replacement : undefined),
    ),
    { op: "pending", pending },
  ];
  return { pending, kind: "new", changes, gone };
}

function pendingGone(requestId: string, why: Resolution, replacement?: Replacement): PairingChange {
  return { op: "pending-gone", requestId, why, ...(replacement && { replacement }) };
}

function freshCode(
  state: PairingState,
  facts: { deviceId: string; roles: readonly Role[]; scopes: readonly string[] },
  context: LedgerContext,
): { requestId: string; nonce: string } {
  for (;;) {
    const nonce = context.nonce();
    const requestId = requestCode({ ...facts, gatewayId: context.gatewayId, nonce });
    if (!state.pending.has(requestId) && !state.replaced.has(requestId))
      return { requestId, nonce };
  }
}

/** Which requests must go so that one more from `source` fits. */
function evicted(
  state: PairingState,
  source: string,
  limits: Limits,
): { pending: Pending; why: "evicted" }[] {
  const bySource = new Map<string, Pending[]>();
  for (const pending of state.pending.values()) {
    const list = bySource.get(pending.source);
    if (list) list.push(pending);
    else bySource.set(pending.source, [pending]);
  }
  const own = bySource.get(source) ?? [];
  if (own.length >= limits.pendingPerAddress) return oldest(own);
  if (state.pending.size < limits.pendingRequests) return [];
  const largest = [...bySource.values()].sort((a, b) => b.length - a.length)[0] ?? [];
  return oldest(largest);
}

function oldest(list: readonly Pending[]): { pending: Pending; why: "evicted" }[] {
  const [first] = [...list].sort((a, b) => a.ts - b.ts);
  return first ? [{ pending: first, why: "evicted" }] : [];
}

/** Finds a live request by its code as typed, or throws what the caller may be told. */
export function findPending(
  state: PairingState,
  typed: string,
  facts: {
    now: number;
    denied: string;
    isAdmin: boolean;
    /** How the request of that code ended, if that was not long ago. */
    ended?: (code: string) => Resolution | undefined;
  },
): Pending {
  const code = normalizeCode(typed);
  const whole = code !== undefined && isWholeCode(code) ? code : undefined;
  const pending = whole === undefined ? undefined : state.pending.get(whole);
  if (pending && pending.expiresAtMs > facts.now) return pending;
  if (!facts.isAdmin) throw unknownCode(facts.denied);
  const replaced = whole === undefined ? undefined : state.replaced.get(whole);
  const ended = whole === undefined ? undefined : facts.ended?.(whole);
  // Whoever names one that was there was a moment late, and guesses nothing.
  throw (replaced || ended ? invalidRequest : unknownCode)(
    `unknown requestId: ${whyUnknown(whole, { replaced, ended })}`,
    {
      code: "UNKNOWN_REQUEST",
      ...(replaced && { replacedBy: replaced.by }),
      cure: "openclaw devices list",
    },
  );
}

const ENDS: Readonly<Record<Resolution, string>> = {
  approved: "it was approved already",
  rejected: "it was rejected already",
  expired: "it expired; the device shows a new code when it asks again",
  superseded: "it was replaced; the device shows a new code, or came in by a link",
  evicted: "it gave way to newer requests; the device shows a new code when it asks again",
};

/** What became of a code. Clients know the words before it, so those never change. */
export function whyUnknown(
  whole: string | undefined,
  { replaced, ended }: { replaced?: Replacement | undefined; ended?: Resolution | undefined },
): string {
  if (replaced) return `replaced by ${replaced.by}, which asks for ${replaced.asks}`;
  if (ended) return ENDS[ended];
  if (whole === undefined) return "that is no whole code; one looks like 7F3K-Q2MN";
  return "it expired, was decided already, gave way to a newer code of the device, or is mistyped";
}

export interface Approval {
  readonly pending: Pending;
  readonly device: Device;
  readonly changes: readonly PairingChange[];
}

/** Approves `pending`: exactly what it commits to, added to what the device already has. */
export function approve(
  state: PairingState,
  pending: Pending,
  facts: { actor: Actor; now: number },
): Approval {
  const before = state.devices.get(pending.deviceId);
  const problem = approvalProblem(facts.actor, pending, before);
  if (problem) throw problem;
  if (union(heldScopes(before), pending.scopes).length > MOST_SCOPES) {
    throw invalidRequest(`a device has no more than ${MOST_SCOPES} scopes`, {
      cure: `openclaw devices remove ${pending.deviceId}`,
    });
  }
  const device = grant(before, pending, { now: facts.now, via: "owner" });
  const changes: PairingChange[] = [
    pendingGone(pending.requestId, "approved"),
    { op: "device", device },
  ];
  return { pending, device, changes };
}

const MOST_SCOPES = limitTable.scopesPerDevice.value;

/** What is granted: by approval of a request, or by a one-time link. */
export interface Grant extends DeviceText {
  readonly deviceId: string;
  readonly publicKey: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly string[];
  readonly secretEpoch?: number;
}

/** The device record after `asked` was granted, on top of what it had. */
export function grant(
  before: Device | undefined,
  asked: Grant,
  facts: { now: number; via: Device["approvedVia"]; label?: string | undefined },
): Device {
  const roles = [...new Set([...(before?.roles ?? []), ...asked.roles])];
  const gathered = union(heldScopes(before), asked.scopes);
  const scopes = gathered.length > MOST_SCOPES ? union([], asked.scopes) : gathered;
  const tokens = { ...before?.tokens };
  for (const role of asked.roles) {
    tokens[role] = grantToken(before?.tokens[role], {
      scopes: role === "operator" ? scopes : [],
      now: facts.now,
      secretEpoch: asked.secretEpoch,
    });
  }
  const label = facts.label ?? before?.label;
  return {
    ...deviceText(asked),
    deviceId: asked.deviceId,
    publicKey: asked.publicKey,
    ...(label !== undefined && { label }),
    roles,
    scopes,
    approvedVia: facts.via,
    createdAtMs: before?.createdAtMs ?? facts.now,
    approvedAtMs: facts.now,
    ...(before?.lastSeenAtMs !== undefined && { lastSeenAtMs: before.lastSeenAtMs }),
    tokens,
  };
}

function grantToken(
  before: TokenRecord | undefined,
  facts: { scopes: readonly string[]; now: number; secretEpoch: number | undefined },
): TokenRecord {
  const live = before?.revokedAtMs === undefined ? before : undefined;
  // A token once granted under a shared secret ends with it, whatever was added since.
  const secretEpoch = facts.secretEpoch ?? live?.secretEpoch;
  return {
    generation: live?.generation ?? (before?.generation ?? 0) + 1,
    scopes: facts.scopes,
    createdAtMs: live?.createdAtMs ?? facts.now,
    ...(facts.secretEpoch === undefined && { claimable: true as const }),
    ...(secretEpoch !== undefined && { secretEpoch }),
  };
}

/** The descriptive part of a record alone. */
export function deviceText(from: DeviceText): DeviceText {
  return {
    clientId: from.clientId,
    clientMode: from.clientMode,
    ...(from.displayName !== undefined && { displayName: from.displayName }),
    ...(from.platform !== undefined && { platform: from.platform }),
    ...(from.deviceFamily !== undefined && { deviceFamily: from.deviceFamily }),
    ...(from.browserOrigin !== undefined && { browserOrigin: from.browserOrigin }),
    ...(from.remoteIp !== undefined && { remoteIp: from.remoteIp }),
  };
}

/** Rejects `pending`. */
export function reject(pending: Pending, actor: Actor): readonly PairingChange[] {
  if (!mayManage(actor, pending.deviceId)) throw unknownCode("device pairing rejection denied");
  return [pendingGone(pending.requestId, "rejected")];
}

/** The requests and links that are past their time at `now`. */
export function expire(
  state: PairingState,
  now: number,
): { gone: readonly Pending[]; changes: readonly PairingChange[] } {
  const gone = [...state.pending.values()].filter((pending) => pending.expiresAtMs <= now);
  const invites = [...state.invites.values()].filter(
    (invite) => invite.expiresAtMs <= now - KEEP_EXPIRED_MS,
  );
  return {
    gone,
    changes: [
      ...gone.map(({ requestId }) => pendingGone(requestId, "expired")),
      ...invites.map(({ inviteId }) => ({ op: "invite-gone" as const, inviteId })),
    ],
  };
}

/** Links stay known after they expire, so that opening one says `expired`, not `unknown`. */
const KEEP_EXPIRED_MS = limitTable.inviteKeptMs.value;

/** When {@link expire} next has something to do. */
export function nextExpiry(state: PairingState): number | undefined {
  let next: number | undefined;
  for (const { expiresAtMs } of state.pending.values()) {
    if (next === undefined || expiresAtMs < next) next = expiresAtMs;
  }
  for (const { expiresAtMs } of state.invites.values()) {
    const at = expiresAtMs + KEEP_EXPIRED_MS;
    if (next === undefined || at < next) next = at;
  }
  return next;
}
