import { createHmac } from "node:crypto";
import { interpretConfig } from "../config/interpret.ts";
import type { ConfigSource } from "../config/load.ts";
import type { ConfigPlan } from "../config/plan.ts";
import { specOf } from "../config/schema.ts";
import type { ConfigStore } from "../config/service.ts";
import type { OtherChanges, Part } from "../store/parts.ts";
import type { StoreLog } from "../store/shape.ts";
import type { AuditEvent } from "./chain.ts";
import type { Decisions } from "./decisions.ts";
import { auditOf } from "./events.ts";
import type { HostChange, HostState } from "./parts.ts";
import type { ConfigAhead, SeenConfig } from "./trail.ts";
import { failureOf } from "./write-ahead.ts";

interface Deps {
  /** The file is this machine's, and so is what is known of it. */
  readonly host: Part<HostState, HostChange>;
  readonly decisions: Decisions;
  readonly config: Pick<ConfigStore, "source" | "appliedHash" | "path" | "listen" | "hasErrors">;
  /** Key of the digests. */
  readonly key: Uint8Array;
  readonly log: StoreLog;
}

/** A line of the audit that is durable. */
export interface DurableLine {
  /** Its number. */
  readonly seq: number;
  readonly event: AuditEvent;
}

const DIGEST_BYTES = 9;
/** Bytes of a secret's digest: too few to find the secret by trying, enough to see that it is another. */
const SECRET_DIGEST_BYTES = 2;

/**
 * What a configuration's text says, by key, without saying what: digests under `key`, base64url. Flags
 * and the environment do not count.
 */
export function digestsOf(
  { raw, path: file }: Pick<ConfigSource, "raw" | "path">,
  key: Uint8Array,
): SeenConfig {
  const { values } = interpretConfig(raw ?? "", file);
  const digests = [...values].map(([path, value]) => {
    const mac = createHmac("sha256", key)
      .update(`config|${path}|${JSON.stringify(value)}`)
      .digest();
    const bytes = specOf(path).secret ? SECRET_DIGEST_BYTES : DIGEST_BYTES;
    return [path, mac.subarray(0, bytes).toString("base64url")] as const;
  });
  return Object.fromEntries(digests.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The keys that differ, in order. */
export function differing(before: SeenConfig, now: SeenConfig): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...keys].filter((key) => before[key] !== now[key]).sort();
}

/** `seen` after a change that gave these keys other values. */
function withKeys(seen: SeenConfig, keys: ConfigAhead["keys"]): SeenConfig {
  const all = Object.entries({ ...seen, ...keys });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** Whether a key says what that change made it say: the file is replaced whole, so one key tells. */
function showsIn(now: SeenConfig, { keys }: ConfigAhead): boolean {
  return Object.entries(keys).some(([key, digest]) => (now[key] ?? null) === digest);
}

/**
 * The configuration in the audit. It is a person's file, so a change of it and its line can't be one
 * step: the line is written ahead, and beside it in the state what the file says once the change is
 * made. By that a start knows whether it was made, and changes of the gateway's own are told from edits
 * by hand, which leave a line too, also those that were made while no gateway ran.
 */
export class ConfigTrail {
  constructor(private readonly deps: Deps) {
    deps.config.listen(() => this.#logged(this.#see("the file was edited")));
  }

  /**
   * At a start: what became of a change that a kill cut short, and what was changed by hand since. A file
   * with errors is not in force and says neither; the next start without them finds both.
   */
  async start(): Promise<void> {
    if (this.deps.config.hasErrors) return;
    await this.#logged(this.#settleCutShort());
    await this.#logged(this.#see("the file was edited while no gateway ran, or as one was killed"));
  }

  /**
   * Writes the line of a change of the file, which is then made by committing `plan`, while no other
   * change runs, and handed to {@link settle}. `check` refuses the change by throwing, in the turn in which
   * it is decided.
   * @throws RequestError, StoreError where the line can't be written: then nothing may be changed
   */
  async ahead(plan: ConfigPlan, event: AuditEvent, check = () => {}): Promise<DurableLine> {
    const { host, decisions } = this.deps;
    const { seq = 0 } = await decisions.about(host).decide(() => {
      check();
      return { changes: this.#aheadOf(plan, event), event, answer: undefined };
    });
    return { seq, event };
  }

  /**
   * What belongs to the line of a decision that comes with a change of the file, made in this same turn:
   * the decision and its line are one step then, and the change follows as with {@link ahead}.
   */
  beside(plan: ConfigPlan, event: AuditEvent): OtherChanges {
    return this.deps.host.also(this.#aheadOf(plan, event));
  }

  /**
   * Awaits the change that a line tells of, notes that it was made, and resolves with what it came to: once
   * it is in force too, where `inForce` says when. Where the change fails, a second line says so.
   * @throws what the change rejected with
   */
  async settle<Result>(
    { seq, event }: DurableLine,
    change: Promise<Result>,
    inForce?: Promise<unknown>,
  ): Promise<Result> {
    const { host, decisions } = this.deps;
    // It fails with the change, or later: either is told elsewhere.
    const over = inForce?.catch(() => undefined);
    try {
      const result = await change;
      // At once, so that what the file says from now on is not taken for an edit by hand.
      this.#seen(seq);
      await over;
      this.#made(seq);
      return result;
    } catch (error) {
      await decisions.about(host).urgent([settled(seq)], failureOf(seq, event, error));
      throw error;
    }
  }

  #aheadOf(plan: ConfigPlan, event: AuditEvent): HostChange[] {
    if (plan.after === plan.before) return [];
    const { seq: line } = this.deps.decisions.line(event);
    const told = { hash: plan.hash, keys: this.#changedBy(plan), line, event: event.event };
    return [{ op: "config-ahead", ...told }];
  }

  #changedBy({ file: { path }, before, after }: ConfigPlan): ConfigAhead["keys"] {
    const [old, next] = [before, after].map((raw) => digestsOf({ raw, path }, this.deps.key));
    const keys = differing(old ?? {}, next ?? {});
    return Object.fromEntries(keys.map((key) => [key, next?.[key] ?? null]));
  }

  /** Notes lazily that a change was made: where a kill loses the note, the next start finds that out. */
  #made(line: number): void {
    this.#seen(line);
    const { host } = this.deps;
    if (host.working.trail.configAhead?.line === line) host.later([settled(line)]);
  }

  /** Notes lazily what the file says by a change that was made. */
  #seen(line: number): void {
    const { host } = this.deps;
    const { config: before = {}, configAhead: ahead } = host.working.trail;
    if (ahead?.line !== line) return;
    const keys = withKeys(before, ahead.keys);
    if (differing(before, keys).length > 0) host.later([{ op: "config-seen", keys }]);
  }

  /** Says of a change whose line a killed gateway left that it was not made, where that is so. */
  async #settleCutShort(): Promise<void> {
    const { host, decisions, config, key } = this.deps;
    const { configAhead: ahead } = host.working.trail;
    if (!ahead) return;
    // It has the text that was to be, or was edited by hand after that.
    const made = this.#isIn(ahead) || showsIn(digestsOf(config.source, key), ahead);
    if (made) return this.#made(ahead.line);
    const what = {
      line: ahead.line,
      change: ahead.event,
      why: "the gateway ended before the file was written",
    };
    const failure = auditOf("change.failed", "gateway", what);
    await decisions.about(host).urgent([settled(ahead.line)], failure);
  }

  /** Compares the file in force with what is known of it. */
  async #see(how: string): Promise<void> {
    const { host, decisions, config, key } = this.deps;
    const { configAhead: ahead } = host.working.trail;
    // The changed file was read before the change that wrote it was committed here.
    if (ahead && this.#isIn(ahead)) this.#made(ahead.line);
    const { config: before } = host.working.trail;
    const keys = digestsOf(config.source, key);
    const changed = differing(before ?? {}, keys);
    if (before && changed.length === 0) return;
    const seen: HostChange = { op: "config-seen", keys };
    if (!before) {
      await host.commit([seen]);
      return;
    }
    const what = { keys: changed, how, file: config.path };
    const edit = auditOf("config.changed", "gateway", what);
    await decisions.about(host).urgent([seen], edit);
  }

  #isIn({ hash }: ConfigAhead): boolean {
    return hash === this.deps.config.appliedHash;
  }

  /** What is not noted now is found again at the next start. */
  async #logged(noting: Promise<void>): Promise<void> {
    await noting.catch((err: unknown) => {
      this.deps.log.error({ err }, "a change of the configuration is not in the audit");
    });
  }
}

function settled(line: number): HostChange {
  return { op: "config-settled", line };
}
