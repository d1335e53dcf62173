import { nodeLimitTable } from "../limits/nodes.ts";
import { shown } from "./device.ts";

/** Capabilities that a node declares, or that were approved for it. Texts in it are not cleaned. */
export interface DeclaredCapabilities {
  readonly commands?: readonly string[] | undefined;
  readonly caps?: readonly string[] | undefined;
  /** A permission counts only where it is `true`. */
  readonly permissions?: Readonly<Record<string, boolean>> | undefined;
}

const SENSITIVE =
  /^(system\.run(\.prepare)?|system\.which|browser\.proxy(\..*)?|fs\.listDir|terminal\.upload|system\.execApprovals\..*)$/;

/** Whether approving a command takes full control: it runs programs or reads files. */
export function isSensitive(command: string): boolean {
  return SENSITIVE.test(command);
}

/** Characters: as long as a name may be, so that none is cut. */
const NAME_CHARS = nodeLimitTable.nodeCapabilityChars.value;

/**
 * All declared capabilities in words, because they are approved whole; what takes full control to
 * approve stands first: `commands system.run, system.notify; permission screen.record; ability
 * canvas`.
 */
export function capabilityWords({
  commands = [],
  caps = [],
  permissions,
}: DeclaredCapabilities): string {
  const sensitive = commands.filter((command) => isSensitive(command));
  const others = commands.filter((command) => !isSensitive(command));
  const parts = [
    ...listWords(["command", "commands"], [...sensitive, ...others]),
    ...listWords(["permission", "permissions"], grantedIn(permissions)),
    ...listWords(["ability", "abilities"], caps),
  ];
  return parts.join("; ") || NOTHING;
}

/** What is said where there is nothing. */
export const NOTHING = "nothing";

/** The permissions that are asked for, or were granted. */
export function grantedIn(permissions: DeclaredCapabilities["permissions"] = {}): string[] {
  return Object.keys(permissions).filter((name) => permissions[name] === true);
}

function listWords([one, many]: readonly [string, string], names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const list = names.map((name) => shown(name, NAME_CHARS)).join(", ");
  return [`${names.length === 1 ? one : many} ${list}`];
}

/** The capabilities in `declared` that are not in `other`. */
export function beyond(
  declared: DeclaredCapabilities,
  other: DeclaredCapabilities,
): DeclaredCapabilities {
  const { commands = [], caps = [] } = other;
  const granted = grantedIn(other.permissions);
  const without = (names: readonly string[] = [], known: readonly string[]) =>
    names.filter((name) => !known.includes(name));
  const permissions = without(grantedIn(declared.permissions), granted);
  return {
    commands: without(declared.commands, commands),
    caps: without(declared.caps, caps),
    permissions: Object.fromEntries(permissions.map((name) => [name, true])),
  };
}
