/**
 * What the browser keeps, by the gateway's address: several gateways may be pages of one origin. Storage may
 * be switched off: a page that can't store still works until closed.
 */
import type { Grant } from "./model.ts";
import { clean, cleanList } from "./text.ts";

const KEPT = "localStorage";
const THIS_TAB = "sessionStorage";
type Area = typeof KEPT | typeof THIS_TAB;

function recall(key: string, area: Area = KEPT): string | undefined {
  try {
    return globalThis[area].getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Stores `value`, or forgets the key when it is empty. Returns whether the browser agreed. */
function remember(key: string, value = "", area: Area = KEPT): boolean {
  try {
    const store = globalThis[area];
    if (value) store.setItem(key, value);
    else store.removeItem(key);
    return true;
  } catch {
    return false;
  }
}

const GRANT = "openclaw-grant ";
const ASIDE = "openclaw-aside ";
const INVITE = "openclaw-invite";
const SEED = "openclaw-device-seed";

/** The name in localStorage of what `gateway` granted. */
export const grantName = (gateway: string): string => GRANT + gateway;

function grantOf(value: unknown): Grant | undefined {
  const { token, scopes, id, by } = Object(value);
  const known = by ? { by: clean(by) } : {};
  return token && { token: `${token}`, scopes: cleanList(scopes), id: clean(id), ...known };
}

function recallJson(key: string): unknown {
  try {
    return JSON.parse(recall(key) ?? "");
  } catch {
    return undefined;
  }
}

/** What `gateway` (its socket address) granted on an earlier visit. */
export const loadGrant = (gateway: string): Grant | undefined =>
  grantOf(recallJson(GRANT + gateway));

/** What other gateways granted that answered at this address before. */
export function loadAside(gateway: string): Grant[] {
  const kept = recallJson(ASIDE + gateway);
  return (Array.isArray(kept) ? kept : []).map(grantOf).filter((grant) => grant !== undefined);
}

/** A grant used to bear the address of the page's file: takes over what is kept under `page`. */
export function adoptGrant(gateway: string, page: string): void {
  const former = recall(GRANT + page);
  if (page === gateway || !former) return;
  const isKept = loadGrant(gateway) !== undefined || remember(GRANT + gateway, former);
  if (isKept) remember(GRANT + page);
}

/** Whether this browser is paired with a gateway of this origin and not with `gateway`. */
export function isForeign(gateway: string): boolean {
  if (loadGrant(gateway)) return false;
  try {
    return Object.keys(localStorage).some((key) => key.startsWith(GRANT));
  } catch {
    return false;
  }
}

const isSeed = (text = ""): boolean => /^[0-9a-f]{64}$/.test(text);

/**
 * The seed of this browser's key for `gateway` (64 hex digits). One seed used to serve a whole origin: it is
 * that of the gateways which granted something to it.
 */
export function loadSeed(gateway: string): string | undefined {
  const own = recall(`${SEED} ${gateway}`);
  if (isSeed(own)) return own;
  const shared = isForeign(gateway) ? undefined : recall(SEED);
  if (!isSeed(shared)) return undefined;
  keepSeed(gateway, shared);
  return shared;
}

export function keepSeed(gateway: string, seed?: string): boolean {
  return remember(`${SEED} ${gateway}`, seed);
}

/** The invite in the address, taken out of it at once; or the one that this tab took earlier. */
export function takeInvite(gateway: string): string | undefined {
  const name = `${INVITE} ${gateway}`;
  const found = /^#invite=([\w-]+)$/.exec(location.hash)?.[1];
  if (found) history.replaceState(null, "", location.pathname + location.search);
  // A page from before the update kept it without an address: it is this one's where the page came again.
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  const former = entry?.type === "navigate" ? undefined : recall(INVITE, THIS_TAB);
  const invite = found ?? recall(name, THIS_TAB) ?? former;
  if (invite && remember(name, invite, THIS_TAB) && former) remember(INVITE, "", THIS_TAB);
  return invite;
}

interface Kept {
  grant: Grant | undefined;
  aside: readonly Grant[];
  invite: string | undefined;
}

/**
 * Stores what changed from `was` to `now`. A grant that is gone is forgotten only if no other tab has stored
 * another one since. Returns whether the browser agreed.
 */
export function save(gateway: string, was: Kept, now: Kept): boolean {
  if (was.invite !== now.invite) remember(`${INVITE} ${gateway}`, now.invite, THIS_TAB);
  // Before the grant: what was set aside must not be lost between the two.
  if (was.aside !== now.aside) {
    remember(ASIDE + gateway, now.aside.length > 0 ? JSON.stringify(now.aside) : "");
  }
  if (was.grant === now.grant) return true;
  if (now.grant) return remember(GRANT + gateway, JSON.stringify(now.grant));
  return loadGrant(gateway)?.token !== was.grant?.token || remember(GRANT + gateway);
}
