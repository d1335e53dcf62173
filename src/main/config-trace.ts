import { createHmac } from "node:crypto";
import type { Decisions } from "../audit/decisions.ts";
import { auditOf } from "../audit/events.ts";
import type { HostChange, HostState } from "../audit/parts.ts";
import type { SeenConfig } from "../audit/trail.ts";
import { interpretConfig } from "../config/interpret.ts";
import type { ConfigSource } from "../config/load.ts";
import { resolveKey, specOf } from "../config/schema.ts";
import type { ConfigStore } from "../config/service.ts";
import type { Part } from "../store/parts.ts";
import type { StoreLog } from "../store/shape.ts";

interface Deps {
  readonly document: Part<HostState, HostChange>;
  readonly decisions: Decisions;
  readonly config: ConfigStore;
  /** Key of the digests. */
  readonly key: Uint8Array;
  readonly log: StoreLog;
}

const DIGEST_BYTES = 9;
/** Of a secret so little that nobody could find it by trying, and enough to see that it is another. */
const SECRET_DIGEST_BYTES = 2;

/** What the file says, by key, without saying what. Whatever flags and environment lay over it. */
export function digestsOf({ raw, path: file }: ConfigSource, key: Uint8Array): SeenConfig {
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

/**
 * Keys that somebody changed in the file itself leave a line, be it that no gateway ran: the state knows
 * what each was. What went through a method has its line from there.
 */
export class ConfigTrace {
  constructor(private readonly deps: Deps) {
    deps.config.listen(() => this.#note(deps.config.writing, "the file was edited"));
  }

  /** At a start: what was changed since. */
  async start(): Promise<void> {
    await this.#note([], "the file was edited while no gateway ran, or as one was killed");
  }

  async #note(own: readonly string[], how: string): Promise<void> {
    const { document, decisions, config, key, log } = this.deps;
    const keys = digestsOf(config.source, key);
    const before = document.working.trail.config;
    const changed = differing(before ?? {}, keys);
    if (before && changed.length === 0) return;
    const seen: HostChange = { op: "config-seen", keys };
    const edited = before ? changed.filter((path) => !isOwn(path, own)) : [];
    try {
      if (edited.length > 0) {
        const what = { keys: edited, how, file: config.path };
        await decisions.about(document).urgent([seen], auditOf("config.changed", "gateway", what));
      } else if (before) document.later([seen]);
      else await document.commit([seen]);
    } catch (err) {
      // It is found again at the next start.
      log.error({ err }, "a change of the configuration is not in the audit");
    }
  }
}

/** Whether a method that is at work writes that key, or the section that it is in. */
function isOwn(path: string, own: readonly string[]): boolean {
  return own.some((name) => path === (resolveKey(name) ?? name) || path.startsWith(`${name}.`));
}
