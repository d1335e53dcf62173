import { type AuditedPart, durabilityOf } from "../audit/decisions.ts";
import { auditOf } from "../audit/events.ts";
import type { World } from "../lib/world.ts";
import type { Limits } from "../limits/table.ts";
import type { Actor } from "../protocol/access.ts";
import { gone, requestOf } from "../requests/book.ts";
import type { RequestEvent } from "../requests/part.ts";
import type { RequestsChange, RequestsState } from "../requests/records.ts";
import type { Part } from "../store/parts.ts";
import type { Durability } from "../store/shape.ts";
import { auditOfLink, linkFacts } from "./audit.ts";
import { refuseWhileRevoking } from "./being-revoked.ts";
import * as invites from "./invite.ts";
import type * as ledger from "./ledger.ts";
import type { Invite, PairingChange, PairingEvent, PairingState } from "./records.ts";

interface Deps {
  readonly document: Part<PairingState, PairingChange, PairingEvent>;
  readonly requests: Part<RequestsState, RequestsChange, RequestEvent>;
  readonly decisions: AuditedPart<PairingState, PairingChange>;
  readonly world: World;
  readonly limits: Limits;
  readonly now: () => number;
}

/** One-time links, setup codes and join lines: who opens one is paired without being asked about. */
export class Links {
  constructor(private readonly deps: Deps) {}

  /** Makes a link. @throws RequestError where `actor` may not, or a limit is reached */
  async make(ask: invites.InviteAsk, actor: Actor): Promise<{ invite: Invite; secret: string }> {
    const { world, limits, decisions } = this.deps;
    const id = world.bytes(6).toString("hex");
    const bytes = (count: number) => world.bytes(count);
    const context = { actor, now: this.deps.now(), limits, bytes, id };
    const { answer } = await decisions.decide((state) => {
      refuseWhileRevoking(state);
      const { changes, ...made } = invites.createInvite(state, ask, context);
      const event = auditOf("link.made", actor, linkFacts(made.invite));
      return { changes, event, answer: made };
    });
    return answer;
  }

  /** The links that still pair a device. */
  open(): invites.InviteRow[] {
    return invites.openInvites(this.deps.document.durable, this.deps.now());
  }

  /** Takes a link back. @throws RequestError where there is none that is open */
  async revoke(
    inviteId: string,
    actor: Actor,
  ): Promise<{ invite: invites.InviteRow } & Durability> {
    const now = this.deps.now();
    const decided = await this.deps.decisions.decide((state) => {
      const { invite, changes } = invites.revokeInvite(state, inviteId, now);
      const event = auditOf("link.revoked", actor, { link: inviteId, name: invite.name });
      return { changes, event, urgent: true, answer: invite };
    });
    return { invite: decided.answer, ...durabilityOf(decided) };
  }

  /** Whether a link's secret would pair this device. Costs a hash and nothing else. */
  check(secret: string, deviceId: string): invites.InviteVerdict {
    return linkVerdict(this.deps.document.working, secret, { deviceId, now: this.deps.now() });
  }

  /**
   * Pairs a device by link, checked once more: another device may have been faster. A retry may come while
   * the first try is being written: it is answered no sooner than that one, and at once where that one is
   * durable.
   */
  async redeem(secret: string, asked: ledger.Grant): Promise<invites.InviteVerdict> {
    const now = this.deps.now();
    const facts = { deviceId: asked.deviceId, now };
    // A refusal waits for nothing that is being written.
    const early = linkVerdict(this.deps.document.working, secret, facts);
    if (!early.ok) return early;
    const { document, decisions } = this.deps;
    const { answer } = await decisions.decide<invites.InviteVerdict>((state) => {
      const verdict = linkVerdict(state, secret, facts);
      if (!verdict.ok) return { changes: [], answer: verdict };
      const { invite } = verdict;
      const asking = requestOf(this.deps.requests.working, "device", facts);
      const { changes, closed } = invites.redeem(state, invite, { asked, now, asking });
      const users = document.durable.invites.get(invite.inviteId)?.users;
      const settled = users?.[asked.deviceId] !== undefined;
      if (changes.length === 0) return { changes, settled, answer: verdict };
      refuseWhileRevoking(state);
      const ended = closed ? [gone(closed.request, closed.why)] : [];
      const also = [this.deps.requests.also(ended)];
      return { changes, also, event: auditOfLink(asked, invite, closed), answer: verdict };
    });
    return answer;
  }
}

/** What the link is worth now: nothing while all links are being revoked. */
function linkVerdict(
  state: PairingState,
  secret: string,
  facts: { deviceId: string; now: number },
): invites.InviteVerdict {
  const verdict = invites.checkInvite(state, secret, facts);
  return verdict.ok && state.revokingAll ? { ok: false, problem: "revoked" } : verdict;
}
