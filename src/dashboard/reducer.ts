/** The page's one decision maker: what happened, in which state, at what time. Pure. */
import type { Button, Event, Grant, State } from "./model.ts";
import { count, type Fields, fields, gatewayOf, peersOf } from "./parse.ts";
import { accepted, refused } from "./replies.ts";
import { DEVICE_REMOVED, WAITING_REPLACED } from "./shared.ts";
import {
  begin,
  dial,
  isElsewhere,
  KEY_TRIES,
  LAST_RETRY_MS,
  later,
  SETUP_MS,
  stop,
  unreadable,
} from "./steps.ts";
import { clean } from "./text.ts";
import { closure } from "./words.ts";

/** A waiting socket that slept this long is not trusted: asking anew keeps the same code. */
const NAP_MS = 60_000;

export function reduce(state: State, event: Event, now: number): State {
  const { view } = state;
  switch (event.on) {
    case "identity":
      return begin({ ...state, thisDevice: event.thisDevice });
    case "broken":
      if (state.grant || state.aside.length > 0 || state.attempt < KEY_TRIES)
        return unreadable(state, event.message, now);
      return stop(state, "no-key", [event.message]);
    case "unkept":
      return { ...state, thisDevice: { ...state.thisDevice, kept: false } };
    case "tabs":
      return elsewhere(state, event.grant);
    case "gateway":
      return { ...state, gateway: gatewayOf(event.info, state.gateway) };
    case "press":
      return pressed(
        { ...state, notice: "", attempt: 0, grant: event.grant ?? state.grant },
        event.button,
      );
    case "frame":
      return received(state, fields(event.frame), now);
    case "closed":
      return closed(state, event, now);
    case "retry":
      return dial(state, view);
    case "wake":
      return worthRedialling(state, event.quietMs, now) ? dial(state, view) : state;
  }
}

function worthRedialling({ view, patience, retryAt }: State, quietMs: number, now: number) {
  switch (view.at) {
    case "lost":
      return !view.held || now >= retryAt;
    case "waiting":
      return !view.live || quietMs > NAP_MS;
    case "ready":
      return quietMs > patience;
  }
  return false;
}

/** What another tab was granted lets this one in, unless it is in. */
function elsewhere(was: State, grant: Grant | undefined): State {
  const state = { ...was, grant: grant ?? was.grant };
  const isIdle = state.view.at === "waiting" || state.view.at === "stopped";
  return isElsewhere(was) || (grant && isIdle) ? begin(state) : state;
}

function pressed(state: State, button: Button): State {
  if (button === "ask") return begin(state);
  if (button === "anew") return dial({ ...state, grant: undefined, aside: [] });
  return dial(button === "pair" ? { ...state, spend: true } : state);
}

function received(state: State, frame: Fields, now: number): State {
  const { view } = state;
  const payload = fields(frame["payload"]);
  if (frame["id"] === `c${state.calls}`) {
    if (frame["ok"] === true) return accepted(state, payload);
    return refused(state, fields(frame["error"]), now);
  }
  switch (frame["event"]) {
    case "connect.challenge":
      return challenged(state, payload, now);
    case "shutdown":
      return {
        ...state,
        restartMs: Math.min(count(payload["restartExpectedMs"]), LAST_RETRY_MS),
      };
    case "presence":
      if (view.at !== "ready") break;
      return {
        ...state,
        view: {
          at: "ready",
          session: { ...view.session, peers: peersOf(payload["presence"], state.thisDevice.id) },
        },
      };
    case "device.pair.resolved":
      if (view.at !== "waiting" || payload["requestId"] !== view.request.id) break;
      if (payload["decision"] === "approved") break;
      return stop(state, clean(payload["decision"]));
  }
  return state;
}

/** Comes once per socket, and again on a waiting one when the owner has approved. */
function challenged(state: State, payload: Fields, now: number): State {
  const challenge = { nonce: clean(payload["nonce"], 200), ts: count(payload["ts"]) };
  if (!challenge.nonce) return state;
  const skew = challenge.ts - now;
  return { ...state, challenge, calls: state.calls + 1, skew, patience: SETUP_MS };
}

function closed(state: State, { code, reason }: Event & { on: "closed" }, now: number): State {
  const { view } = state;
  // The message before this close said more than the close does.
  if (view.at === "stopped" || view.at === "invited") return state;
  if (!state.thisDevice.id) return unreadable(state, "", now);
  if (view.at === "lost" && view.held && now < state.retryAt) return state;
  if (code === 4001 && reason === DEVICE_REMOVED) {
    return stop({ ...state, grant: undefined }, "removed");
  }
  if (view.at === "waiting") {
    // Ended on purpose: dialling again by ourselves would fight with another tab.
    const why = reason === WAITING_REPLACED ? "elsewhere" : "closed";
    if (code === 1008 && view.live) return stop(state, why, [reason]);
    return later(state, { ...view, live: false }, now);
  }
  const trouble = closure(code, reason, state.attempt);
  return later({ ...state, notice: "" }, { at: "lost", trouble, held: false }, now);
}
