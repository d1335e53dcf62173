import { createPublicKey, verify } from "node:crypto";
import { join } from "node:path";
import type { World } from "../lib/world.ts";
import { stateLimitTable } from "../limits/state.ts";
import type { Limits } from "../limits/table.ts";
import type { Part } from "../store/parts.ts";
import type { StoreLog } from "../store/shape.ts";
import type { AuditEvent, AuditLine } from "./chain.ts";
import type { Decisions } from "./decisions.ts";
import { AuditFiles } from "./files.ts";
import { type AuditPage, auditPage, type PageOptions } from "./pages.ts";
import type { AuditChange, AuditState, HostChange, HostState, LineAdded } from "./parts.ts";
import { checkAudit, findFile, type ReadOptions, readAudit } from "./reader.ts";
import { floorText } from "./trail.ts";
import type { AuditVerdict } from "./verify.ts";
import type { Notes } from "./write-ahead.ts";
import { AuditWriter } from "./writer.ts";

/** What signs the audit. */
export interface AuditSigner {
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  sign(data: Uint8Array): Buffer;
}

interface Deps {
  readonly stateDir: string;
  readonly world: World;
  readonly limits: Limits;
  readonly decisions: Decisions;
  readonly shared: Part<AuditState, AuditChange, LineAdded>;
  readonly host: Part<HostState, HostChange>;
  /** The gateway's key, which signs how far the files go. */
  readonly signer: AuditSigner;
  readonly log: StoreLog;
  /** Where each line is copied to; absent where no gateway runs, and so nothing writes to the journal. */
  readonly journal?: Pick<StoreLog, "info"> | undefined;
}

/** The audit as a service: lines go from the state to the files in `audit/`, and are read from both. */
export class Audit implements Notes {
  readonly #folder: string;
  readonly #writer: AuditWriter;
  readonly #stop: () => void;

  constructor(private readonly deps: Deps) {
    const { stateDir, world, limits, shared, host, signer, log, journal } = deps;
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
        const floor = { ...head, signature: signer.sign(floorText(head)).toString("base64url") };
        await host.commit([{ op: "audit-written", signed, floor }]);
      },
      sign: (data) => signer.sign(data),
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
    const { signer, host } = this.deps;
    const key = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: signer.publicKey },
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
