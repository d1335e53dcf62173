import { createPublicKey, verify } from "node:crypto";
import { join } from "node:path";
import type { AuditEvent, AuditLine } from "../audit/chain.ts";
import { AuditFiles } from "../audit/files.ts";
import { type AuditPage, auditPage, type PageOptions } from "../audit/pages.ts";
import { checkAudit, findFile, type ReadOptions, readAudit } from "../audit/reader.ts";
import { floorText } from "../audit/trail.ts";
import type { AuditVerdict } from "../audit/verify.ts";
import { type Beside, writeAhead } from "../audit/write-ahead.ts";
import { AuditWriter } from "../audit/writer.ts";
import type { GatewayIdentity } from "../auth/identity.ts";
import type { World } from "../lib/world.ts";
import { stateLimitTable } from "../limits/state.ts";
import type { Limits } from "../limits/table.ts";
import type { AuditSource } from "../methods/services.ts";
import type { Capabilities } from "../nodes/records.ts";
import { auditOf, offerFacts } from "../pairing/audit.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { PairingChange, PairingState } from "../pairing/records.ts";
import type { Document, StoreLog } from "../store/shape.ts";
import { capabilityWords, NOTHING } from "../words/capabilities.ts";

/** Notes what a link gives a node, which nobody is asked about, and then gives it. */
export async function grantedByLink(
  pairing: Pairing,
  { device, link, ...surface }: { device: string; link: string | undefined } & Capabilities,
  grant: () => Promise<void>,
): Promise<void> {
  // Of what can do nothing, the line of the link itself says it all.
  if (capabilityWords(surface) === NOTHING) return grant();
  const what = { device, ...offerFacts(surface) };
  await writeAhead(pairing, async (announce) => {
    const by = { kind: "link" as const, ...(link !== undefined && { id: link }) };
    await announce({ ...auditOf("node.approved", "gateway", what), by });
    await grant();
  });
}

interface Deps {
  readonly stateDir: string;
  readonly world: World;
  readonly limits: Limits;
  readonly pairing: Pairing;
  readonly document: Document<PairingState, PairingChange>;
  readonly identity: GatewayIdentity;
  readonly log: StoreLog;
  /** Where each line is copied to; absent where no gateway runs, and so nothing writes to the journal. */
  readonly journal?: Pick<StoreLog, "info"> | undefined;
}

/** The audit of an open core: lines go from the state to the files in `audit/`. */
export class Audit implements AuditSource {
  readonly #folder: string;
  readonly #writer: AuditWriter;

  constructor(private readonly deps: Deps) {
    const { stateDir, world, limits, pairing, document, identity, log, journal } = deps;
    this.#folder = join(stateDir, "audit");
    this.#writer = new AuditWriter({
      files: new AuditFiles(this.#folder, limits),
      world,
      limits: {
        retryMs: stateLimitTable.retryMs.value,
        retryMaxMs: stateLimitTable.retryMaxMs.value,
      },
      trail: () => document.durable.trail,
      unsaved: () => document.unsaved,
      written: (signed) => document.later([{ op: "audit-written", signed }]),
      dropping: async (head) => {
        const { signed } = document.working.trail;
        // Never so: there are files only where an end was signed.
        if (!signed) throw new Error("nothing was signed yet");
        const floor = { ...head, signature: identity.sign(floorText(head)).toString("base64url") };
        await document.commit([{ op: "audit-written", signed, floor }]);
      },
      sign: (data) => identity.sign(data),
      log,
      copy: (facts, message) => journal?.info(facts, message),
    });
    pairing.listen({ audited: () => this.#flush() });
    // What a crash left in the state.
    this.#flush();
  }

  /**
   * What is decided while no gateway runs stays in the state: the next one moves it, and the journal has
   * its copy then. Only where that much waits that the next decision might be refused it is not awaited.
   */
  #flush(): void {
    const { journal, document, limits } = this.deps;
    const waiting = document.durable.trail.outbox.length;
    if (journal || waiting > limits.auditOutbox / 2) this.#writer.flush();
  }

  note(event: AuditEvent, beside?: Beside): Promise<number> {
    return this.deps.pairing.note(event, beside);
  }

  noteAnyway(event: AuditEvent, beside?: Beside): Promise<number> {
    return this.deps.pairing.noteAnyway(event, beside);
  }

  read(options: ReadOptions): Promise<AuditLine[]> {
    return readAudit(this.#folder, this.deps.document.durable.trail, options);
  }

  page(options: PageOptions): Promise<AuditPage | undefined> {
    return auditPage(this.#folder, this.deps.document.durable.trail, options);
  }

  verify(): Promise<AuditVerdict> {
    const { identity, document } = this.deps;
    const key = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: identity.publicKey },
      format: "jwk",
    });
    const verifies = (data: Uint8Array, signature: Uint8Array) =>
      verify(null, data, key, signature);
    return checkAudit(this.#folder, () => document.durable.trail, {
      verifies,
      mostFaults: this.deps.limits.auditFaults,
      read: (name) => this.#writer.still(() => findFile(this.#folder, name)),
    });
  }

  /** Before the state is closed, which notes how far the files got. */
  close(): Promise<void> {
    return this.#writer.close({ moving: this.deps.journal !== undefined });
  }
}
