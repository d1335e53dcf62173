import { shellWord } from "../lib/shell-word.ts";
import type { Actor, Role } from "../protocol/access.ts";
import type { Document, Durability } from "../store/shape.ts";
import { auditOf, deviceFacts } from "./audit.ts";
import type { AuditedCommits } from "./commits.ts";
import * as devices from "./devices.ts";
import type { LastAdminGuard } from "./last-admin-guard.ts";
import * as ledger from "./ledger.ts";
import type { Device, PairingChange, PairingState, Pending, Resolution } from "./records.ts";
import { afterChanges } from "./remaining-admins.ts";

/** What happened to a device's token, or to the device. */
export type DeviceEnd = "removed" | "rotated" | "revoked";

/** Connections of this device in this role (any role if absent) must end. */
export interface EndedDevice {
  readonly deviceId: string;
  readonly role?: Role;
  readonly why: DeviceEnd;
  /** One of many, which the audit names together. */
  readonly many?: true;
}

export interface RevocationDeps {
  readonly document: Document<PairingState, PairingChange>;
  readonly commits: AuditedCommits;
  readonly guard: LastAdminGuard;
  readonly now: () => number;
  readonly resolved: (pending: Pending, why: Resolution) => void;
  readonly ended: (end: EndedDevice) => void;
  /** Nothing counts any more that devices send for which this is true. */
  readonly ending: (is: (deviceId: string) => boolean) => void;
}

interface DeviceAsk {
  readonly deviceId: string;
  readonly actor: Actor;
  /** Also where it is the last way in. */
  readonly force?: boolean | undefined;
}

interface TokenAsk extends DeviceAsk {
  readonly role: string;
}

/** The ends of single devices and tokens. */
export class Revocation {
  constructor(private readonly deps: RevocationDeps) {}

  async remove(
    deviceId: string,
    actor: Actor,
    force?: boolean,
  ): Promise<{ device: Device } & Durability> {
    const { document, commits, guard } = this.deps;
    const pending = ledger.pendingOf(document.working, deviceId, this.deps.now());
    const { device, changes } = devices.remove(document.working, deviceId, actor);
    const command = `devices remove ${deviceId}`;
    guard.check(afterChanges(changes), { actor, force, command });
    const event = auditOf("device.removed", actor, deviceFacts(device));
    const outcome = await commits.urgent(changes, event);
    if (pending) this.deps.resolved(pending, "rejected");
    this.deps.ended({ deviceId, why: "removed" });
    return { device, ...outcome };
  }

  async rotate(
    ask: TokenAsk & { readonly scopes?: readonly string[] | undefined },
  ): Promise<devices.TokenChange> {
    const { document, commits, guard, now } = this.deps;
    const { deviceId, actor, force } = ask;
    const change = devices.rotate(document.working, { ...ask, now: now() });
    const { role, token } = change;
    const narrower = ask.scopes?.map((scope) => ` --scope ${shellWord(scope)}`).join("") ?? "";
    const command = `devices rotate ${deviceId} --role ${role}${narrower}`;
    guard.check(afterChanges(change.changes), { actor, force, command });
    const what = { device: deviceId, role, scopes: token.scopes };
    await commits.audited(change.changes, auditOf("token.rotated", actor, what));
    this.deps.ended({ deviceId, role, why: "rotated" });
    return change;
  }

  async revoke(ask: TokenAsk): Promise<devices.TokenChange & Durability> {
    const { document, commits, guard, now } = this.deps;
    const { deviceId, actor, force } = ask;
    const change = devices.revoke(document.working, { ...ask, now: now() });
    const { role } = change;
    const command = `devices revoke ${deviceId} --role ${role}`;
    guard.check(afterChanges(change.changes), { actor, force, command });
    const event = auditOf("token.revoked", actor, { device: deviceId, role });
    const outcome = await commits.urgent(change.changes, event);
    this.deps.ended({ deviceId, role, why: "revoked" });
    return { ...change, ...outcome };
  }

  /** Ends a device in all its roles at once; `roles` is empty where it has none any more. */
  async revokeEvery({ deviceId, actor, force }: DeviceAsk) {
    const { document, commits, guard, now } = this.deps;
    const found = devices.revokeEvery(document.working, { deviceId, actor, now: now() });
    const { device, roles, changes } = found;
    if (roles.length === 0) return { device, roles, durable: true };
    const command = `devices revoke ${deviceId} --role operator`;
    guard.check(afterChanges(changes), { actor, force, command });
    const event = auditOf("token.revoked", actor, { device: deviceId, roles });
    const outcome = await commits.urgent(changes, event);
    this.deps.ended({ deviceId, why: "revoked" });
    return { device, roles, ...outcome };
  }
}
