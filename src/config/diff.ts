import { HIDDEN, originOnly } from "./hide.ts";
import { type ConfigPath, configPaths, type GatewayConfig, specOf } from "./schema.ts";
import { getValue } from "./settings.ts";

/** One key that differs between two configs. Of secrets only presence is told. */
export interface ConfigChange {
  readonly path: ConfigPath;
  /** `"(hidden)"` for a secret that is set, undefined for a key that is not. */
  readonly from: unknown;
  readonly to: unknown;
  readonly hostOnly: boolean;
  readonly apply: "live" | "restart";
  readonly secret: boolean;
}

/** The keys whose value differs, in the table's order. Pure. */
export function diffConfig(old: GatewayConfig, next: GatewayConfig): ConfigChange[] {
  const changes: ConfigChange[] = [];
  for (const path of configPaths()) {
    const { hostOnly, apply, secret = false, originOnly: origin } = specOf(path);
    const from: unknown = getValue(old, path);
    const to: unknown = getValue(next, path);
    if (JSON.stringify(from) === JSON.stringify(to)) continue;
    const shown = (value: unknown) => {
      if (value === undefined) return value;
      if (origin) return originOnly(String(value), HIDDEN);
      return secret ? HIDDEN : value;
    };
    changes.push({ path, from: shown(from), to: shown(to), hostOnly, apply, secret });
  }
  return changes;
}

/** Whether any of the changes waits for a restart. */
export function needsRestart(changes: readonly ConfigChange[]): boolean {
  return changes.some((change) => change.apply === "restart");
}
