import { ADMIN, APPROVALS, covers, PAIRING, QUESTIONS, READ, WRITE } from "./scopes.ts";

export * from "./scopes.ts";

/** The roles a connection can have. */
export const roles = ["operator", "node"] as const;
export type Role = (typeof roles)[number];

/** What the owner's own link grants. */
export const ownerScopes: readonly string[] = [ADMIN, READ, WRITE, APPROVALS, QUESTIONS, PAIRING];

export function isRole(value: string): value is Role {
  return value === "operator" || value === "node";
}

/** The first of `wanted` that `held` does not cover. */
export function firstMissing(
  held: readonly string[],
  wanted: readonly string[],
): string | undefined {
  return wanted.find((scope) => !covers(held, scope));
}

export function coversAll(held: readonly string[], wanted: readonly string[]): boolean {
  return firstMissing(held, wanted) === undefined;
}

/** The items of both lists, without repeats, sorted. */
export function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort();
}

/** Who may call a method: any ready connection, or one of `roles`, an operator needing `scope`. */
export interface Access {
  readonly roles: readonly Role[];
  /** Needed by operators; nodes are judged by role alone. */
  readonly scope?: string;
  /** Only for the owner on the gateway's machine (the admin socket). */
  readonly hostOnly?: true;
}

/** What a device's token allows its holder; a revoked one allows nothing. */
export interface HeldToken {
  readonly scopes?: readonly string[] | undefined;
  readonly revokedAtMs?: number | undefined;
}

/** Whether the holder of this operator token can administer the gateway from another machine. */
export function isFullControl(token: HeldToken | undefined): boolean {
  return (
    token !== undefined && token.revokedAtMs === undefined && (token.scopes ?? []).includes(ADMIN)
  );
}

export interface Caller {
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly onHost?: boolean;
}

/** How a connection proved that it may be here. */
export type AuthMethod = "host" | "ssh" | "token" | "password" | "device-token" | "bootstrap-token";

/**
 * Who acts: what the connection holds and how it got in. `host` is the owner on this machine, `ssh` a
 * key that may approve and do nothing else.
 */
export interface Actor {
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly method: AuthMethod;
  readonly deviceId?: string | undefined;
  /** Where its connection comes from, for people to read; nothing is decided by it. */
  readonly address?: string | undefined;
  /** Who the command line says it is run by: a claim, for people to read. */
  readonly claims?: string;
  /** Fingerprint of the SSH key that logged in. */
  readonly keyId?: string;
  /** The only roles it may let in or take out, where scopes alone don't say. */
  readonly approves?: readonly Role[];
}

export type AccessVerdict =
  | { ok: true }
  | { ok: false; why: "role"; role: Role }
  | { ok: false; why: "scope"; scope: string }
  | { ok: false; why: "host" };

const GRANTED: AccessVerdict = { ok: true };

/** Decides whether `caller` may use something that asks for `access`. */
export function decideAccess(access: Access, caller: Caller): AccessVerdict {
  if (!access.roles.includes(caller.role)) return { ok: false, why: "role", role: caller.role };
  if (access.hostOnly && !caller.onHost) return { ok: false, why: "host" };
  if (caller.role === "operator" && access.scope && !covers(caller.scopes, access.scope)) {
    return { ok: false, why: "scope", scope: access.scope };
  }
  return GRANTED;
}

/** What is wrong with the number or length of `scopes`, in the words of a schema error. */
export function scopesProblem(
  scopes: readonly string[],
  { scopesPerRequest, scopeChars }: { scopesPerRequest: number; scopeChars: number },
): string | undefined {
  if (scopes.length > scopesPerRequest) {
    return `at /scopes: must not have more than ${scopesPerRequest} items`;
  }
  const at = scopes.findIndex((scope) => scope.length > scopeChars);
  return at < 0 ? undefined : `at /scopes/${at}: must not have more than ${scopeChars} characters`;
}
