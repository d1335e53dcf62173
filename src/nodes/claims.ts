import type { Limits } from "../limits/table.ts";
import type { Capabilities, NodeText } from "../requests/records.ts";
import { type CommandPolicy, policyProblem } from "./policy.ts";

/** Capabilities as a node declares them in its connect. Hostile until read here. */
export interface RawClaims {
  readonly caps?: unknown;
  readonly commands?: unknown;
  readonly permissions?: unknown;
}

/** Names that can be shown, written into a shell and matched on as they are. */
const NAME = /^[A-Za-z][A-Za-z0-9._:-]*$/;

type Bounds = Pick<Limits, "nodeCapabilityItems" | "nodeCapabilityChars">;

/** Claims as this gateway takes them: names only, sorted, without repeats, bounded. */
export function readClaims(raw: RawClaims, limits: Bounds): Capabilities {
  const permissions = isRecord(raw.permissions) ? raw.permissions : {};
  const granted = Object.keys(permissions).filter((n) => typeof permissions[n] === "boolean");
  return {
    // How it waits for its pairing is no capability.
    caps: names(raw.caps, limits).filter((cap) => cap !== "pairing-wait"),
    commands: names(raw.commands, limits),
    permissions: Object.fromEntries(
      names(granted, limits).map((name) => [name, permissions[name] === true]),
    ),
  };
}

function names(value: unknown, limits: Bounds): string[] {
  if (!Array.isArray(value)) return [];
  const clean = value
    .filter((item): item is string => typeof item === "string")
    .map((item) => item.trim())
    .filter((item) => item.length <= limits.nodeCapabilityChars && NAME.test(item));
  return [...new Set(clean)].sort().slice(0, limits.nodeCapabilityItems);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What of `claims` may be asked for: commands outside the allow-list are left out. */
export function allowedClaims(
  claims: Capabilities,
  text: NodeText,
  policy: CommandPolicy,
): Capabilities {
  const node = { ...text, caps: claims.caps };
  const commands = claims.commands.filter((c) => policyProblem(c, node, policy) === undefined);
  return { ...claims, commands };
}

/** Whether everything in `wanted` was approved. Less than what was approved needs no new approval. */
export function coversCapabilities(approved: Capabilities, wanted: Capabilities): boolean {
  const has = (all: readonly string[], some: readonly string[]) =>
    some.every((name) => all.includes(name));
  const permissions = Object.entries(wanted.permissions).filter(([, granted]) => granted);
  return (
    has(approved.caps, wanted.caps) &&
    has(approved.commands, wanted.commands) &&
    permissions.every(([name]) => approved.permissions[name] === true)
  );
}

/** What a node may do now: of what it claims, that which was approved. */
export function intersect(approved: Capabilities | undefined, claims: Capabilities): Capabilities {
  if (!approved) return { caps: [], commands: [], permissions: {} };
  const granted = Object.entries(claims.permissions).map(
    ([name, value]) => [name, value && approved.permissions[name] === true] as const,
  );
  return {
    caps: claims.caps.filter((name) => approved.caps.includes(name)),
    commands: claims.commands.filter((name) => approved.commands.includes(name)),
    permissions: Object.fromEntries(granted),
  };
}
