import { createPublicKey, verify } from "node:crypto";
import { join } from "node:path";
import type { AuditEvent, AuditLine } from "../audit/chain.ts";
import type { Decisions } from "../audit/decisions.ts";
import { AuditFiles } from "../audit/files.ts";
import { type AuditPage, auditPage, type PageOptions } from "../audit/pages.ts";
import type { AuditChange, AuditState, HostChange, HostState, LineAdded } from "../audit/parts.ts";
import { checkAudit, findFile, type ReadOptions, readAudit } from "../audit/reader.ts";
import { floorText } from "../audit/trail.ts";
import type { AuditVerdict } from "../audit/verify.ts";
import { AuditWriter } from "../audit/writer.ts";
import type { GatewayIdentity } from "../auth/identity.ts";
import type { World } from "../lib/world.ts";
import { stateLimitTable } from "../limits/state.ts";
import type { Limits } from "../limits/table.ts";
import type { AuditSource } from "../methods/services.ts";
import type { Part } from "../store/parts.ts";
import type { StoreLog } from "../store/shape.ts";

interface Deps {
  readonly stateDir: string;
  readonly world: World;
  readonly limits: Limits;
  readonly decisions: Decisions;
  readonly shared: Part<AuditState, AuditChange, LineAdded>;
  readonly host: Part<HostState, HostChange>;
  readonly identity: GatewayIdentity;
  readonly log: StoreLog;
  /** Where each line is copied to; absent where no gateway runs, and so nothing writes to the journal. */
  readonly journal?: Pick<StoreLog, "info"> | undefined;
}

/** The audit of an open core: lines go from the state to the files in `audit/`. */
export class Audit implements AuditSource {
  readonly #folder: string;
  readonly #writer: AuditWriter;
  readonly #stop: () => void;

  constructor(private readonly deps: Deps) {
    const { stateDir, world, limits, shared, host, identity, log, journal } = deps;
    this.#folder = join(stateDir, "audit");
    this.#writer = new AuditWriter({
      files: new AuditFiles(this.#folder, limits),
      world,
      limits: {
        retryMs: stateLimitTable.retryMs.value,
        retryMaxMs: stateLimitTable.retryMaxMs.value,
      },
      trail: () => host.durable.trail,
      unsaved: () => host.unsaved,
      written: (signed) => host.later([{ op: "audit-written", signed }]),
      dropping: async (head) => {
        const { signed } = host.working.trail;
        // Never so: there are files only where an end was signed.
        if (!signed) throw new Error("nothing was signed yet");
        const floor = { ...head, signature: identity.sign(floorText(head)).toString("base64url") };
        await host.commit([{ op: "audit-written", signed, floor }]);
      },
      sign: (data) => identity.sign(data),
      log,
      copy: (facts, message) => journal?.info(facts, message),
    });
    this.#stop = shared.listen(() => this.#flush());
    // What a crash left in the state.
    this.#flush();
  }

  /**
   * What is decided while no gateway runs stays in the state: the next one moves it, and the journal has
   * its copy then. Only where that much waits that the next decision might be refused it is not awaited.
   */
  #flush(): void {
    const { journal, host, limits } = this.deps;
    const waiting = host.durable.trail.outbox.length;
    if (journal || waiting > limits.auditOutbox / 2) this.#writer.flush();
  }

  note(event: AuditEvent): Promise<number> {
    return this.deps.decisions.note(event);
  }

  noteAnyway(event: AuditEvent): Promise<number> {
    return this.deps.decisions.noteAnyway(event);
  }

  read(options: ReadOptions): Promise<AuditLine[]> {
    return readAudit(this.#folder, this.deps.host.durable.trail, options);
  }

  page(options: PageOptions): Promise<AuditPage | undefined> {
    return auditPage(this.#folder, this.deps.host.durable.trail, options);
  }

  verify(): Promise<AuditVerdict> {
    const { identity, host } = this.deps;
    const key = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: identity.publicKey },
      format: "jwk",
    });
    const verifies = (data: Uint8Array, signature: Uint8Array) =>
      verify(null, data, key, signature);
    return checkAudit(this.#folder, () => host.durable.trail, {
      verifies,
      mostFaults: this.deps.limits.auditFaults,
      read: (name) => this.#writer.still(() => findFile(this.#folder, name)),
    });
  }

  /** Before the state is closed, which notes how far the files got. */
  close(): Promise<void> {
    this.#stop();
    return this.#writer.close({ moving: this.deps.journal !== undefined });
  }
}
