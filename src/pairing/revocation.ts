import type { AuditedPart } from "../audit/decisions.ts";
import { auditOf, deviceFacts } from "../audit/events.ts";
import type { Actor } from "../protocol/access.ts";
import { openclaw } from "../protocol/command.ts";
import { gone, requestOf } from "../requests/book.ts";
import type { RequestsChange, RequestsState } from "../requests/records.ts";
import type { Part } from "../store/parts.ts";
import type { Durability } from "../store/shape.ts";
import { heldRoles } from "./authority.ts";
import { refuseWhileRevoking } from "./being-revoked.ts";
import * as devices from "./devices.ts";
import type { LastAdminGuard } from "./last-admin-guard.ts";
import type { Device, PairingChange, PairingEvent, PairingState } from "./records.ts";
import { afterChanges } from "./remaining-admins.ts";

export interface RevocationDeps {
  readonly decisions: AuditedPart<PairingState, PairingChange>;
  readonly document: Part<PairingState, PairingChange, PairingEvent>;
  readonly requestDecisions: AuditedPart<RequestsState, RequestsChange>;
  readonly guard: LastAdminGuard;
  /** The wall clock, milliseconds. */
  readonly now: () => number;
}

interface DeviceAsk {
  readonly deviceId: string;
  readonly actor: Actor;
  /** Also where it is the last device with full control. */
  readonly force?: boolean | undefined;
}

interface TokenAsk extends DeviceAsk {
  readonly role: string;
}

/** The end of single devices and tokens. */
export class Revocation {
  constructor(private readonly deps: RevocationDeps) {}

  /** Forgets a device, and its request. @throws RequestError where `actor` may not, or LAST_WAY_IN */
  async remove(
    deviceId: string,
    actor: Actor,
    force?: boolean,
  ): Promise<{ device: Device } & Durability> {
    const { requestDecisions, document, guard } = this.deps;
    const now = this.deps.now();
    const { answer, ...outcome } = await requestDecisions.decide((requests) => {
      const { device, changes } = devices.remove(document.working, deviceId, actor);
      const command = openclaw`devices remove ${deviceId}`;
      guard.check(afterChanges(changes), { actor, force, command });
      const event = auditOf("device.removed", actor, deviceFacts(device));
      const request = requestOf(requests, "device", { deviceId, now });
      const ended = request ? [gone(request, "rejected")] : [];
      const also = [document.also(changes)];
      return { changes: ended, also, event, urgent: true, answer: device };
    });
    return { device: answer, ...outcome };
  }

  /** Gives a device a new token in a role. @throws RequestError where `actor` may not, or LAST_WAY_IN */
  async rotate(
    ask: TokenAsk & { readonly scopes?: readonly string[] | undefined },
  ): Promise<devices.TokenChange> {
    const { decisions, guard } = this.deps;
    const now = this.deps.now();
    const { deviceId, actor, force } = ask;
    const { answer } = await decisions.decide((state) => {
      refuseWhileRevoking(state);
      const change = devices.rotate(state, { ...ask, now });
      const { role, token, changes } = change;
      const narrower = ask.scopes?.flatMap((scope) => ["--scope", scope]) ?? [];
      const command = openclaw`devices rotate ${deviceId} --role ${role} ${narrower}`;
      guard.check(afterChanges(changes), { actor, force, command });
      const what = { device: deviceId, role, scopes: token.scopes };
      return { changes, event: auditOf("token.rotated", actor, what), answer: change };
    });
    return answer;
  }

  /** Ends a device's token in a role. @throws RequestError where `actor` may not, or LAST_WAY_IN */
  async revoke(ask: TokenAsk): Promise<devices.TokenChange & Durability> {
    const { decisions, guard } = this.deps;
    const now = this.deps.now();
    const { deviceId, actor, force } = ask;
    const { answer, ...outcome } = await decisions.decide((state) => {
      const change = devices.revoke(state, { ...ask, now });
      const { role, changes } = change;
      const command = openclaw`devices revoke ${deviceId} --role ${role}`;
      guard.check(afterChanges(changes), { actor, force, command });
      const event = auditOf("token.revoked", actor, { device: deviceId, role });
      return { changes, event, urgent: true, answer: change };
    });
    return { ...answer, ...outcome };
  }

  /**
   * Ends a device in all its roles at once; `roles` is empty where it has none any more.
   * @throws RequestError where `actor` may not, or LAST_WAY_IN
   */
  async revokeEvery({ deviceId, actor, force }: DeviceAsk) {
    const { decisions, guard, document } = this.deps;
    const now = this.deps.now();
    const { answer, ...outcome } = await decisions.decide((state) => {
      const { changes, ...found } = devices.revokeEvery(state, { deviceId, actor, now });
      const { roles } = found;
      const before = document.durable.devices.get(deviceId);
      const settled = before !== undefined && heldRoles(before).length === 0;
      if (roles.length === 0) return { changes: [], settled, urgent: true, answer: found };
      const command = openclaw`devices revoke ${deviceId} --role operator`;
      guard.check(afterChanges(changes), { actor, force, command });
      const event = auditOf("token.revoked", actor, { device: deviceId, roles });
      return { changes, event, urgent: true, answer: found };
    });
    return { ...answer, ...outcome };
  }
}
