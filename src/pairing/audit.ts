import type { AuditEvent, AuditFact } from "../audit/chain.ts";
import { auditOf, deviceFacts } from "../audit/events.ts";
import type { Invite } from "./records.ts";

/** The rights that a link grants. */
function grantFacts({ role, roles, scopes, setup }: Invite): Record<string, AuditFact | undefined> {
  return { ...(roles.length > 1 ? { roles } : { role }), scopes, access: setup?.access };
}

/** The facts of a link without its secret. */
export function linkFacts(link: Invite): Record<string, AuditFact | undefined> {
  const { inviteId, uses, expiresAtMs, name } = link;
  return { link: inviteId, ...grantFacts(link), uses, expiresAtMs, name };
}

/** The event of a device that a link paired: the link decided it, and what became of its request. */
export function auditOfLink(
  device: Parameters<typeof deviceFacts>[0],
  link: Invite,
  closed?: { readonly request: { readonly requestId: string }; readonly why: string },
): AuditEvent {
  const request = closed && { request: closed.request.requestId, requestWas: closed.why };
  const facts = { ...deviceFacts(device), ...grantFacts(link), ...request };
  return byLink(auditOf("device.linked", "gateway", facts), link);
}

/** The setup code of a link was handed out by its join address. */
export function auditOfFetch(link: Invite, from: string): AuditEvent {
  return { ...byLink(auditOf("link.fetched", "gateway"), link), from };
}

function byLink(event: AuditEvent, { inviteId }: Invite): AuditEvent {
  return { ...event, by: { kind: "link", id: inviteId } };
}
