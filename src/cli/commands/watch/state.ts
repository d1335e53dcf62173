import { cardLines } from "../../../words/request-card.ts";
import type { RequestRow } from "../../../words/request-kinds.ts";
import type { Key } from "./keys.ts";
import type { News } from "./requests.ts";

/** What a person decides; `approve-without`: without the right to run commands on nodes. */
export type ApprovalVerb = "approve" | "approve-without" | "reject";

/** The request that fills the screen. A decision is made on its code, and on no other. */
export interface Card {
  readonly code: string;
  /** The request as the gateway shows it; absent until it has answered. */
  readonly row?: RequestRow;
  /** When it was on the screen first, ms. */
  readonly shownAt: number;
  /** The line of the card's text that is first on the screen, from 0. */
  readonly top: number;
  /** Whether the last line of the card's text was on the screen. */
  readonly read: boolean;
  readonly doing?: ApprovalVerb;
  /** How the request ended, where it can't be decided on any more. */
  readonly ended?: string;
}

export interface Note {
  readonly text: string;
  readonly tone: "good" | "bad" | "plain";
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The whole of `devices watch` on a terminal. */
export interface State {
  readonly rows: readonly RequestRow[];
  /** The code that is chosen; absent where there is none. */
  readonly chosen?: string | undefined;
  /** The first row on the screen. */
  readonly top: number;
  readonly card?: Card | undefined;
  readonly note?: Note | undefined;
  /** The gateway is away. */
  readonly away: boolean;
  readonly size: Size;
}

export type Event =
  | { readonly on: "key"; readonly key: Key; readonly at: number }
  | { readonly on: "size"; readonly size: Size; readonly at: number }
  | { readonly on: "news"; readonly news: News; readonly at: number }
  /** The gateway said all about a request. */
  | { readonly on: "shown"; readonly code: string; readonly row: RequestRow; readonly at: number }
  | {
      readonly on: "decided";
      readonly code: string;
      readonly what: ApprovalVerb;
      readonly at: number;
    }
  | {
      readonly on: "failed";
      readonly code: string;
      readonly what: ApprovalVerb | "show";
      readonly message: string;
    };

/** What the program has to do after a step. */
export type Effect =
  | { readonly do: "show"; readonly code: string }
  | { readonly do: ApprovalVerb; readonly code: string }
  | { readonly do: "quit" | "suspend" | "redraw" };

export interface WatchStep {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export function begin(size: Size): State {
  return { rows: [], top: 0, away: false, size };
}

/** Lines that a list and a card leave to their title, the note and the help. */
const AROUND = 3;
/** Lines of the screen from which on the list has a line of titles. */
export const TITLES_FROM = 9;

/** How many rows of the list are on the screen. */
export function listRoom({ rows }: Size): number {
  return Math.max(1, rows - AROUND - (rows >= TITLES_FROM ? 1 : 0));
}

/** How many lines of a card are on the screen. */
export function cardRoom({ rows }: Size): number {
  return Math.max(1, rows - AROUND);
}

/** The card's lines, as wide as the screen. */
export function cardText(row: RequestRow, { columns }: Size, now: number): string[] {
  return cardLines(row, { now, width: columns });
}

/** Where the chosen row stands; -1 where none is chosen. */
export function chosenAt({ rows, chosen }: State): number {
  return rows.findIndex(({ requestId }) => requestId === chosen);
}
