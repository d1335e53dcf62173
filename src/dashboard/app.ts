/** Puts the page together: storage, key and address in, events to the reducer, effects out. */
import { describeBrowser } from "./browser.ts";
import { byId } from "./dom.ts";
import { carryOut } from "./effects.ts";
import { loadIdentity } from "./identity.ts";
import { makeLink } from "./link.ts";
import type { Event, Grant, Identity, State } from "./model.ts";
import { reduce } from "./reducer.ts";
import { credentials, KEY_TRIES } from "./steps.ts";
import { adoptGrant, grantName, loadAside, loadGrant, save, takeInvite } from "./storage.ts";
import { makeTabs } from "./tabs.ts";
import { draw } from "./view.ts";
import { connectFrame } from "./wire.ts";

const socketOf = (page: string): string => page.replace("http", "ws");
// The page answers under any name in its folder, and is one gateway's under all of them.
const address = socketOf(new URL(".", location.href).href);
const browser = describeBrowser(navigator);
const root = byId("view") ?? document.body;
const link = makeLink(address, dispatch);
const tabs = makeTabs(address, () => dispatch({ on: "tabs", grant: kept() }));
adoptGrant(address, socketOf(location.origin + location.pathname));
let identity: Identity | undefined;
let state: State = {
  view: { at: "connecting" },
  notice: "",
  // Through a tunnel the address bar does not tell which machine the gateway is on.
  host: location.hostname.replace(/^(localhost|127\..*|\[::1])$|[[\]]/g, ""),
  thisDevice: { id: "", name: browser.displayName, kept: true },
  gateway: { name: "", release: "", fingerprint: "", command: "" },
  spend: false,
  attempt: 0,
  skew: 0,
  restartMs: 0,
  grant: loadGrant(address),
  aside: loadAside(address),
  invite: takeInvite(address),
  dials: 0,
  calls: 0,
  challenge: { nonce: "", ts: 0 },
  retryAt: 0,
  patience: 0,
};

/** What storage holds now for the key that this tab has. */
function kept(): Grant | undefined {
  const grant = loadGrant(address);
  return grant?.id && identity && grant.id !== identity.id ? undefined : grant;
}

const hands = {
  ...link,
  ...tabs,
  dialNow: () => {
    if (identity) return link.dialNow();
    link.rest();
    loadKey();
  },
  connect: () => {
    if (identity) link.post(connectFrame({ ...state, ...credentials(state) }, identity, browser));
  },
  save: (was: State, now: State) => {
    if (!save(address, was, now)) dispatch({ on: "unkept" });
    // Another tab was granted something else since.
    const other = now.grant ? undefined : kept();
    if (other && other.token !== was.grant?.token) dispatch({ on: "tabs", grant: other });
  },
};

function dispatch(event: Event): void {
  if (event.on === "press" && event.button === "reload") location.reload();
  const was = state;
  state = reduce(was, event, Date.now());
  if (state === was) return;
  carryOut(was, state, hands);
  draw(root, state, (button) => dispatch({ on: "press", button, grant: kept() }));
}

/** The first key that comes is this page's; tries that fail beside it no longer count. */
function loadKey(): void {
  const hasFailed = state.attempt >= KEY_TRIES;
  // All that was granted at this address was granted to one key.
  loadIdentity({ gateway: address, grant: state.grant ?? state.aside.at(-1), hasFailed }).then(
    (loaded) => {
      if (identity) return;
      identity = loaded;
      const { id, kept } = loaded;
      dispatch({ on: "identity", thisDevice: { id, kept, name: browser.displayName } });
    },
    (error) => {
      if (!identity) dispatch({ on: "broken", message: `${error?.message ?? error}` });
    },
  );
}

function wake(): void {
  if (!document.hidden) dispatch({ on: "wake", quietMs: link.quietMs() });
}
addEventListener("online", wake);
// An invite link opened in this very tab changes the fragment only: start over to take it.
addEventListener("hashchange", () => location.reload());
document.addEventListener("visibilitychange", wake);
addEventListener("storage", ({ key, newValue }) => {
  const grant = kept();
  if (key === grantName(address) && newValue && grant) dispatch({ on: "tabs", grant });
});

// The gateway's name and key are nice to see before the first connect, and not needed for it.
fetch("gateway.json")
  .then((answer) => answer.json())
  .then((info) => dispatch({ on: "gateway", info }))
  .catch(() => {});

dispatch({ on: "retry" });
