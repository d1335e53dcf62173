import { cleanText } from "../lib/text.ts";
import type { Actor } from "../protocol/access.ts";
import { type DeclaredCapabilities, grantedIn } from "../words/capabilities.ts";
import { deviceName } from "../words/device.ts";
import type { AuditActor, AuditEvent, AuditFact } from "./chain.ts";

/** Every event of the audit, in words. */
export const auditEvents = {
  "device.approved": "a request was approved, and the device may connect",
  "device.rejected": "a request was rejected",
  "device.removed": "a paired device was forgotten",
  "device.renamed": "a paired device got the owner's name for it",
  "device.linked": "a device was paired by a link",
  "token.rotated": "a device's token ended and a new one took its place",
  "token.revoked": "a device's token ended until it is approved again",
  "devices.revoked":
    "all devices but those named were to end, all requests were rejected, all links revoked",
  "tokens.revoked":
    "these devices' tokens ended, because all devices were revoked or with the shared secret",
  "link.made": "a link that pairs was made",
  "link.revoked": "a link was revoked",
  "link.fetched": "somebody fetched the setup code behind a join address, which is used up by that",
  "ssh.key.added": "a key may approve over SSH from now on",
  "ssh.key.removed": "a key may not approve over SSH any more",
  "node.approved": "a node may do what it asked for",
  "node.rejected": "what a node asked for was rejected",
  "secret.set": "the shared token or password was set or renewed",
  "secret.migrated": "a secret in clear was moved out of the configuration",
  "config.changed": "keys of the configuration were changed",
  "change.failed": "what the line `line` tells of did not happen, or not all of it",
  "lockout.begun": "somebody was locked out after wrong credentials or unknown codes",
} as const;

export type AuditEventName = keyof typeof auditEvents;

/** What `event` of the chain says about something that `actor` did. */
export function auditOf(
  event: AuditEventName,
  actor: Actor | "gateway",
  what: Readonly<Record<string, AuditFact | undefined>> = {},
): AuditEvent {
  const known = Object.entries(what).filter(([, fact]) => fact !== undefined);
  const from = actor === "gateway" ? undefined : actor.address;
  return {
    event,
    by: actorOf(actor),
    ...(known.length > 0 && { what: Object.fromEntries(known) as Record<string, AuditFact> }),
    ...(from !== undefined && { from }),
  };
}

function actorOf(actor: Actor | "gateway"): AuditActor {
  if (actor === "gateway") return { kind: "gateway" };
  const { method, deviceId, keyId } = actor;
  if (method === "host") {
    const claims = cleanText(actor.claims);
    return { kind: "host", ...(claims !== undefined && { claims }) };
  }
  if (keyId !== undefined) return { kind: "ssh", id: keyId };
  return deviceId === undefined ? { kind: "secret", id: method } : { kind: "device", id: deviceId };
}

/** The facts of a device that an audit should be readable by: texts were cleaned when they came. */
export function deviceFacts(device: {
  readonly deviceId: string;
  readonly displayName?: string;
  readonly program?: string;
  readonly platform?: string;
  readonly clientId: string;
  readonly remoteIp?: string;
}): Record<string, AuditFact | undefined> {
  const { deviceId, displayName, program, platform, clientId, remoteIp } = device;
  const name = deviceName({
    deviceId,
    clientId,
    ...(displayName !== undefined && { displayName }),
    ...(program !== undefined && { program }),
    ...(platform !== undefined && { platform }),
  });
  return { device: deviceId, name, address: remoteIp };
}

/** The facts of a request, of a device or of what a node offers; what a device asks for is not among them. */
export function requestFacts(
  request: { readonly requestId: string } & (
    | Parameters<typeof deviceFacts>[0]
    | (DeclaredCapabilities & { readonly nodeId: string })
  ),
): Record<string, AuditFact | undefined> {
  const { requestId } = request;
  if ("nodeId" in request)
    return { request: requestId, device: request.nodeId, ...capabilityFacts(request) };
  return { request: requestId, ...deviceFacts(request) };
}

/** What a node offers, or was granted; of permissions only those that say something are named. */
export function capabilityFacts({
  caps,
  commands,
  permissions,
}: DeclaredCapabilities): Record<string, AuditFact | undefined> {
  const granted = grantedIn(permissions);
  return { caps, commands, permissions: granted.length > 0 ? granted : undefined };
}
