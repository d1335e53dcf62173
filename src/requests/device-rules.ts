import { type GiveWay, giveWay } from "../lib/give-way.ts";
import { coversAll, union } from "../protocol/access.ts";
import { requestCode } from "../words/code.ts";
import { accessWords } from "../words/device.ts";
import type { DeviceRequest, DeviceText } from "./records.ts";
import type { AccessAsk, BookContext, Rules } from "./rules.ts";

/** Devices ask for roles and scopes: a retry keeps its code, and an ask for more is given another. */
export const deviceRules: Rules<"device"> = {
  covers: () => false,
  refreshed: (before, { role, scopes, offered = [], text, source }, { now, limits }) => {
    const wanted = [...scopes, ...offered];
    if (!before.roles.includes(role) || !coversAll(before.scopes, wanted)) return undefined;
    return { ...before, ...deviceText(text), source, expiresAtMs: now + limits.pendingMs };
  },
  draft: (asked, before, { now, limits }) => {
    const wanted = union(asked.scopes, asked.offered ?? []);
    const gathered = union(before?.scopes ?? [], wanted);
    // A device that keeps asking for other scopes must not make its request grow without end.
    const scopes = gathered.length <= limits.scopesPerRequest ? gathered : wanted;
    return {
      kind: "device",
      ...deviceText(asked.text),
      requestId: "",
      nonce: "",
      deviceId: asked.deviceId,
      publicKey: asked.publicKey,
      role: asked.role,
      roles: [...new Set([...(before?.roles ?? []), asked.role])],
      scopes,
      ...stillOffered(asked, before, scopes),
      source: asked.source,
      isRepair: asked.isRepair,
      ...(asked.secretEpoch !== undefined && { secretEpoch: asked.secretEpoch }),
      ts: now,
      expiresAtMs: now + limits.pendingMs,
    };
  },
  code: (draft, facts) => requestCode({ ...draft, ...facts }),
  words: accessWords,
  makesRoom,
  pace: (asked, { strangers }) => strangers?.pace(asked) ?? 0,
  unknown: {
    ends: {
      approved: "it was approved already",
      rejected: "it was rejected already",
      expired: "it expired; the device shows a new code when it asks again",
      superseded: "it was replaced; the device shows a new code, or came in by a link",
      evicted: "it gave way to newer requests; the device shows a new code when it asks again",
    },
    otherwise:
      "it expired, was decided already, gave way to a newer code of the device, or is mistyped",
  },
};

/**
 * Whether the device that made a request waits, as far as is known: it is connected, or it came back not
 * long ago, or it has just asked and had no time yet to come back.
 */
export function isThere(request: DeviceRequest, context: BookContext): boolean {
  const { now, limits, strangers } = context;
  if (strangers?.isConnected(request.deviceId)) return true;
  const askedLast = request.expiresAtMs - limits.pendingMs;
  const for_ = askedLast > request.ts ? limits.requestRecentMs : limits.requestGraceMs;
  return now - askedLast < for_;
}

function makesRoom(
  waiting: readonly DeviceRequest[],
  { source }: AccessAsk,
  context: BookContext,
): GiveWay<DeviceRequest> {
  const {
    pendingRequests: all,
    pendingPerAddress: perSource,
    pendingPerPrefix: perPrefix,
  } = context.limits;
  // Mostly there is room, and which devices wait need not be found out.
  if (waiting.length < Math.min(all, perSource)) return "fits";
  const places = waiting.map((request) => ({
    request,
    source: request.source,
    since: request.ts,
    isThere: isThere(request, context),
  }));
  const way = giveWay(places, source, { all, perSource, perPrefix });
  return typeof way === "string" ? way : { goes: way.goes.request };
}

/** Those of `scopes` that are offered and were asked for by name neither before nor now. */
function stillOffered(
  asked: AccessAsk,
  before: DeviceRequest | undefined,
  scopes: readonly string[],
) {
  const offered = union(asked.offered ?? [], before?.offered ?? []).filter((scope) => {
    const byName = before?.scopes.includes(scope) && !before.offered?.includes(scope);
    return scopes.includes(scope) && !byName && !asked.scopes.includes(scope);
  });
  return offered.length > 0 ? { offered } : {};
}

/** The scopes that the device asked for by name. */
export function askedByName({ scopes, offered = [] }: DeviceRequest): string[] {
  return scopes.filter((scope) => !offered.includes(scope));
}

/** What a device says about itself, without what else a request or record says. */
export function deviceText(from: DeviceText): DeviceText {
  return {
    clientId: from.clientId,
    clientMode: from.clientMode,
    ...(from.displayName !== undefined && { displayName: from.displayName }),
    ...(from.program !== undefined && { program: from.program }),
    ...(from.platform !== undefined && { platform: from.platform }),
    ...(from.deviceFamily !== undefined && { deviceFamily: from.deviceFamily }),
    ...(from.browserOrigin !== undefined && { browserOrigin: from.browserOrigin }),
    ...(from.remoteIp !== undefined && { remoteIp: from.remoteIp }),
  };
}
