/** Puts the page together: storage, key and address in, events to the reducer, effects out. */
import { describeBrowser } from "./browser.ts";
import { byId } from "./dom.ts";
import { carryOut } from "./effects.ts";
import { loadIdentity } from "./identity.ts";
import { makeLink } from "./link.ts";
import type { Event, Identity, State } from "./model.ts";
import { reduce } from "./reducer.ts";
import { credentials } from "./steps.ts";
import { loadGrant, save, takeInvite } from "./storage.ts";
import { draw } from "./view.ts";
import { connectFrame } from "./wire.ts";

const address = location.origin.replace("http", "ws") + location.pathname;
const browser = describeBrowser(navigator);
const root = byId("view") ?? document.body;
const link = makeLink(address, dispatch);
let identity: Identity | undefined;
let state: State = {
  view: { at: "connecting" },
  notice: "",
  // Through a tunnel the address bar does not tell which machine the gateway is on.
  host: location.hostname.replace(/^(localhost|127\..*|\[::1])$|[[\]]/g, ""),
  thisDevice: { id: "", name: browser.displayName, kept: true },
  gateway: { name: "", release: "", fingerprint: "" },
  spend: false,
  attempt: 0,
  skew: 0,
  restartMs: 0,
  grant: loadGrant(address),
  invite: takeInvite(),
  dials: 0,
  calls: 0,
  challenge: { nonce: "", ts: 0 },
  retryAt: 0,
  patience: 0,
};

const hands = {
  ...link,
  connect: () => {
    if (identity) link.post(connectFrame({ ...state, ...credentials(state) }, identity, browser));
  },
  save: () => save(address, state.grant, state.invite),
};

function dispatch(event: Event): void {
  if (event.on === "press" && event.button === "reload") location.reload();
  const was = state;
  state = reduce(was, event, Date.now());
  if (state === was) return;
  carryOut(was, state, hands);
  draw(root, state, (button) => dispatch({ on: "press", button, grant: loadGrant(address) }));
}

function wake(): void {
  if (!document.hidden) dispatch({ on: "wake", quietMs: link.quietMs() });
}
addEventListener("online", wake);
// An invite link opened in this very tab changes the fragment only: start over to take it.
addEventListener("hashchange", () => location.reload());
document.addEventListener("visibilitychange", wake);

// The gateway's name and key are nice to see before the first connect, and not needed for it.
fetch("gateway.json")
  .then((answer) => answer.json())
  .then((info) => dispatch({ on: "gateway", info }))
  .catch(() => {});

loadIdentity().then(
  (loaded) => {
    identity = loaded;
    const { id, kept } = loaded;
    dispatch({ on: "identity", thisDevice: { id, kept, name: browser.displayName } });
  },
  (error) => dispatch({ on: "broken", message: `${error}` }),
);
