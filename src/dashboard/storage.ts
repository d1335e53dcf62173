/** Browser storage that may be switched off: a page that can't store still works until closed. */
import type { Grant } from "./model.ts";
import { cleanList } from "./text.ts";

const KEPT = "localStorage";
const THIS_TAB = "sessionStorage";
type Area = typeof KEPT | typeof THIS_TAB;

export function recall(key: string, area: Area = KEPT): string | undefined {
  try {
    return globalThis[area].getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Stores `value`, or forgets the key when it is empty. Returns whether the browser agreed. */
export function remember(key: string, value = "", area: Area = KEPT): boolean {
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
const INVITE = "openclaw-invite";

/** What `gateway` (its socket address) granted on an earlier visit. */
export function loadGrant(gateway: string): Grant | undefined {
  try {
    const { token, scopes } = JSON.parse(recall(GRANT + gateway) ?? "");
    return token && { token: `${token}`, scopes: cleanList(scopes) };
  } catch {
    return undefined;
  }
}

/** The invite in the address, taken out of it at once; or the one this tab took earlier. */
export function takeInvite(): string | undefined {
  const found = /^#invite=([\w-]+)$/.exec(location.hash)?.[1];
  if (found) {
    history.replaceState(null, "", location.pathname + location.search);
    remember(INVITE, found, THIS_TAB);
  }
  return found ?? recall(INVITE, THIS_TAB);
}

export function save(gateway: string, grant?: Grant, invite?: string): void {
  remember(GRANT + gateway, grant && JSON.stringify(grant));
  remember(INVITE, invite, THIS_TAB);
}
