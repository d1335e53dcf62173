import { watchLimitTable } from "../../../limits/watch.ts";
import { canLeaveOut } from "../../../words/request-kinds.ts";
import type { Key } from "./keys.ts";
import { clockWords } from "./lines.ts";
import { follow, type News, whyWords } from "./requests.ts";
import {
  type ApprovalVerb,
  type Card,
  cardRoom,
  cardText,
  chosenAt,
  type Effect,
  type Event,
  listRoom,
  type Note,
  type State,
  type WatchStep,
} from "./state.ts";

const unseenMs = watchLimitTable.watchUnseenMs.value;

/** What follows from one event. Pure: the clock comes with the event. */
export function reduce(state: State, event: Event): WatchStep {
  switch (event.on) {
    case "key":
      return pressed(state, event.key, event.at);
    case "size": {
      const sized = { ...state, size: event.size };
      return just(inView(sized.card ? scrolled(sized, 0, event.at) : sized));
    }
    case "news":
      return just(heard(state, event.news));
    case "shown":
      return just(shown(state, event));
    case "decided":
      return just(decided(state, event));
    case "failed":
      return just(failed(state, event));
  }
}

const just = (state: State): WatchStep => ({ state, effects: [] });
const plain = (text: string): Note => ({ text, tone: "plain" });
const bad = (text: string): Note => ({ text, tone: "bad" });

function pressed(state: State, key: Key, at: number): WatchStep {
  if (key === "q" || key === "ctrl-c" || key === "ctrl-d") return act(state, { do: "quit" });
  if (key === "ctrl-z") return act(state, { do: "suspend" });
  if (key === "ctrl-l") return act(state, { do: "redraw" });
  return state.card ? inCard(state, state.card, { key, at }) : inList(state, key);
}

const act = (state: State, effect: Effect): WatchStep => ({ state, effects: [effect] });

function inList(state: State, key: Key): WatchStep {
  const room = listRoom(state.size);
  switch (key) {
    case "up":
    case "k":
      return just(moved(state, -1));
    case "down":
    case "j":
      return just(moved(state, 1));
    case "page-up":
      return just(moved(state, -room));
    case "page-down":
      return just(moved(state, room));
    case "home":
    case "g":
      return just(moved(state, -state.rows.length));
    case "end":
    case "G":
      return just(moved(state, state.rows.length));
    case "enter":
    case "right":
    case "l":
      return opened(state);
    case "a":
    case "w":
    case "r":
      return just({ ...state, note: plain("Look at it first: Enter shows it.") });
  }
  return just(state);
}

function moved(state: State, by: number): State {
  const last = state.rows.length - 1;
  const to = Math.max(0, Math.min(last, chosenAt(state) + by));
  return inView({ ...state, note: undefined, chosen: state.rows[to]?.requestId });
}

function opened(state: State): WatchStep {
  const code = state.chosen;
  if (code === undefined) return just(state);
  if (state.away) return just({ ...state, note: bad("The gateway is away.") });
  const card = { code, shownAt: 0, top: 0, read: false };
  return act({ ...state, card, note: undefined }, { do: "show", code });
}

function inCard(state: State, card: Card, { key, at }: { key: Key; at: number }): WatchStep {
  // What was sent can't be taken back: the answer closes the card.
  if (card.doing) return just(state);
  const page = cardRoom(state.size);
  switch (key) {
    case "escape":
    case "left":
    case "back":
    case "h":
      return just({ ...state, card: undefined, note: undefined });
    case "up":
    case "k":
      return turned(state, -1, at);
    case "down":
    case "j":
      return turned(state, 1, at);
    case "page-up":
      return turned(state, -page, at);
    case "page-down":
      return turned(state, page, at);
    case "home":
    case "g":
      return turned(state, Number.NEGATIVE_INFINITY, at);
    case "end":
    case "G":
      return turned(state, Number.POSITIVE_INFINITY, at);
    case "a":
      return decide(state, card, { what: "approve", at });
    case "w":
      return decide(state, card, { what: "approve-without", at });
    case "r":
      return decide(state, card, { what: "reject", at });
  }
  return just(state);
}

function turned(state: State, by: number, at: number): WatchStep {
  return just(scrolled({ ...state, note: undefined }, by, at));
}

/**
 * The card scrolled by so many lines, within its text. Once its last line was on the screen it
 * counts as read.
 */
function scrolled(state: State, by: number, at: number): State {
  const { card, size } = state;
  if (!card?.row) return state;
  const lines = cardText(card.row, size, at).length;
  const room = cardRoom(size);
  const top = Math.max(0, Math.min(lines - room, card.top + by));
  return { ...state, card: { ...card, top, read: card.read || top + room >= lines } };
}

function decide(
  state: State,
  card: Card,
  { what, at }: { what: ApprovalVerb; at: number },
): WatchStep {
  const { code } = card;
  const why = problem(state, card, { what, at });
  if (why !== undefined) return just({ ...state, note: bad(why) });
  return act({ ...state, card: { ...card, doing: what }, note: undefined }, { do: what, code });
}

/**
 * Why a key decides nothing, or `undefined`: what was not on the screen, whole and for a moment,
 * can't be approved.
 */
function problem(
  { away }: State,
  card: Card,
  { what, at }: { what: ApprovalVerb; at: number },
): string | undefined {
  if (card.ended !== undefined) return "There is nothing left to decide. Esc: back.";
  if (away) return "The gateway is away.";
  if (!card.row || at - card.shownAt < unseenMs) return "Too soon: read it first.";
  if (what === "approve-without" && !canLeaveOut(card.row)) return "There is nothing to leave out.";
  if (what !== "reject" && !card.read) return "Read it to the end first: press Down.";
  return undefined;
}

function heard(state: State, news: News): State {
  if (news.on === "away") return { ...state, away: true };
  const { rows, went } = follow(state.rows, news);
  const back = news.on === "list" && state.away ? plain("The gateway is back.") : undefined;
  const away = news.on === "list" ? false : state.away;
  let next: State = { ...chosenStays(state, { ...state, rows }), away };
  if (back) next = { ...next, note: back };
  for (const { row, why } of went) next = left(next, row.requestId, whyWords(why));
  return inView(next);
}

/** A request is gone, and not by a decision made here. */
function left(state: State, code: string, why: string): State {
  const { card } = state;
  // Our own decision is announced before it is answered.
  if (card?.code === code && card.doing) return state;
  const note = plain(`${code} ${why}.`);
  if (card?.code !== code) return { ...state, note };
  return { ...state, note, card: { ...card, ended: why } };
}

/** The chosen row, or, where that is gone, the one that took its place on the screen. */
function chosenStays(before: State, after: State): State {
  if (chosenAt(after) >= 0) return after;
  const at = Math.min(Math.max(0, chosenAt(before)), after.rows.length - 1);
  return { ...after, chosen: after.rows[at]?.requestId };
}

/** Scrolls the list no further than it must so that the chosen row is on the screen. */
function inView(state: State): State {
  const room = listRoom(state.size);
  const at = Math.max(0, chosenAt(state));
  const least = Math.max(at - room + 1, Math.min(state.top, state.rows.length - room));
  return { ...state, top: Math.max(0, Math.min(least, at)) };
}

function shown(state: State, { code, row, at }: Event & { on: "shown" }): State {
  const { card } = state;
  if (card?.code !== code || row.requestId !== code) return state;
  return scrolled({ ...state, card: { ...card, row, shownAt: at } }, 0, at);
}

const done: Readonly<Record<ApprovalVerb, (code: string) => string>> = {
  approve: (code) => `Approved ${code}`,
  "approve-without": (code) => `Approved ${code} without nodes`,
  reject: (code) => `Rejected ${code}`,
};

function decided(state: State, { code, what, at }: Event & { on: "decided" }): State {
  const rows = state.rows.filter(({ requestId }) => requestId !== code);
  const card = state.card?.code === code ? undefined : state.card;
  const note: Note = { text: `${done[what](code)} at ${clockWords(at)}.`, tone: "good" };
  return inView(chosenStays(state, { ...state, rows, card, note }));
}

function failed(state: State, { code, what, message }: Event & { on: "failed" }): State {
  const note = bad(`${code}: ${message}`);
  const { card } = state;
  if (card?.code !== code) return { ...state, note };
  if (what === "show") return { ...state, note, card: undefined };
  const { doing: _, ...kept } = card;
  const here = state.rows.some(({ requestId }) => requestId === code);
  return { ...state, note, card: here ? kept : { ...kept, ended: "is gone" } };
}
