import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Actor } from "../protocol/access.ts";
import type { Document, Durability } from "../store/shape.ts";
import { auditOf, auditOfLink, linkFacts } from "./audit.ts";
import type { AuditedCommits } from "./commits.ts";
import * as invites from "./invite.ts";
import type * as ledger from "./ledger.ts";
import type { Invite, PairingChange, PairingState, Pending, Resolution } from "./records.ts";

interface Deps {
  readonly document: Document<PairingState, PairingChange>;
  readonly commits: AuditedCommits;
  readonly world: World;
  readonly limits: Limits;
  readonly now: () => number;
  /** All links are being revoked, whatever the state says of them yet. */
  readonly revokesAll: () => boolean;
  /** Called when a link was made: it ends sooner than anything else, perhaps. */
  readonly made: () => void;
  readonly resolved: (pending: Pending, why: Resolution) => void;
}

/** One-time links, setup codes and join lines: who opens one is paired without being asked about. */
export class Links {
  constructor(private readonly deps: Deps) {}

  async make(ask: invites.InviteAsk, actor: Actor): Promise<{ invite: Invite; secret: string }> {
    const { world, limits, document, commits } = this.deps;
    const id = world.bytes(6).toString("hex");
    const made = invites.createInvite(document.working, ask, {
      actor,
      now: this.deps.now(),
      limits,
      bytes: (count) => world.bytes(count),
      id,
    });
    await commits.audited(made.changes, auditOf("link.made", actor, linkFacts(made.invite)));
    this.deps.made();
    return made;
  }

  /** Those that still pair someone. */
  open(): invites.InviteRow[] {
    return invites.openInvites(this.deps.document.durable, this.deps.now());
  }

  async revoke(
    inviteId: string,
    actor: Actor,
  ): Promise<{ invite: invites.InviteRow } & Durability> {
    const { document, commits, now } = this.deps;
    const { invite, changes } = invites.revokeInvite(document.working, inviteId, now());
    const event = auditOf("link.revoked", actor, { link: inviteId, name: invite.name });
    return { invite, ...(await commits.urgent(changes, event)) };
  }

  /** Whether a link's secret would pair this device. Costs a hash and nothing else. */
  check(secret: string, deviceId: string): invites.InviteVerdict {
    const { document, now, revokesAll } = this.deps;
    const verdict = invites.checkInvite(document.working, secret, { deviceId, now: now() });
    return verdict.ok && revokesAll() ? { ok: false, problem: "revoked" } : verdict;
  }

  /** Pairs a device by link, checked once more: another device may have been faster. */
  async redeem(secret: string, asked: ledger.Grant): Promise<invites.InviteVerdict> {
    const verdict = this.check(secret, asked.deviceId);
    if (!verdict.ok) return verdict;
    const { document, commits, resolved } = this.deps;
    const now = this.deps.now();
    const { changes, closed } = invites.redeem(document.working, verdict.invite, { asked, now });
    const { invite } = verdict;
    const written = document.durable.invites.get(invite.inviteId)?.users;
    const durable = written?.[asked.deviceId] !== undefined;
    // A retry may come while the first try is being written: it is answered no sooner than that one.
    if (changes.length > 0) await commits.audited(changes, auditOfLink(asked, invite, closed));
    else if (!durable) await document.commit([{ op: "invite", invite }]);
    if (closed) resolved(closed.pending, closed.why);
    return verdict;
  }
}
