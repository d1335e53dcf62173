import { cleanText } from "../../../lib/text.ts";
import { cutText, padText, textWidth } from "../../../lib/width.ts";
import { canLeaveOut, deviceOf, kindWords, type RequestRow } from "../../../words/request-kinds.ts";
import type { Style } from "../../kit/style.ts";
import { count, deviceName, quoted, shown } from "../../kit/words.ts";
import {
  type Card,
  cardRoom,
  cardText,
  chosenAt,
  listRoom,
  type Size,
  type State,
  TITLES_FROM,
} from "./state.ts";

/** How the screen is painted; without colour the words and the marker carry all. */
export interface Look extends Style {
  readonly now: number;
}

/** The whole screen: as many lines as it has, none wider than it is. */
export function screenLines(state: State, look: Look): string[] {
  const { size } = state;
  const lines = state.card ? cardScreen(state, state.card, look) : listScreen(state, look);
  const above = lines.slice(0, Math.max(0, size.rows - 2));
  const gap = Math.max(0, size.rows - above.length - 2);
  const below = [noteLine(state, look), look.faint(cutText(helpText(state), size.columns))];
  return [...above, ...Array<string>(gap).fill(""), ...below].slice(-size.rows);
}

function helpText({ card, size }: State): string {
  const wide = size.columns >= 60;
  if (!card) {
    return wide ? "Up/Down: choose   Enter: look at it   q: quit" : "Up/Down  Enter: look  q: quit";
  }
  // Nothing is approved before it was read.
  const unread = card.row !== undefined && !card.read;
  const without = card.row !== undefined && canLeaveOut(card.row);
  if (wide && (!without || size.columns >= 84)) {
    const also = without ? "w: without nodes   " : "";
    return `a: approve   ${also}r: reject   Up/Down: read on   Esc: back   q: quit`;
  }
  if (unread) return "Down: read on  r reject  Esc back";
  if (without) return "a approve w without nodes r reject Esc";
  return "a approve  r reject  Esc back  q quit";
}

function noteLine({ note, size }: State, look: Look): string {
  if (!note) return "";
  const text = cutText(cleanText(note.text, 400) ?? "", size.columns);
  return note.tone === "plain" ? text : look[note.tone](text);
}

/** The title, with the state of the gateway at the right where there is something to say. */
function titleLine(title: string, { away, size }: State, look: Look): string {
  if (!away) return look.heading(cutText(title, size.columns));
  const right = "the gateway is away";
  const room = size.columns - textWidth(right) - 2;
  if (room < 10) return look.bad(cutText(right, size.columns));
  return `${look.heading(padText(cutText(title, room), room))}  ${look.bad(right)}`;
}

function listScreen(state: State, look: Look): string[] {
  const { rows, top, size } = state;
  const room = listRoom(size);
  const title = titleLine(listTitle(state), state, look);
  if (rows.length === 0) {
    const hint = "Whoever asks shows here at once.";
    return [title, "", cutText(hint, size.columns)];
  }
  const titles = look.faint(rowText(["CODE", () => "DEVICE", "KIND", "ASKED"], "  ", size.columns));
  const chosen = chosenAt(state);
  const lines = rows.slice(top, top + room).map((row, i) => {
    const isChosen = top + i === chosen;
    const line = rowText(cells(row, look.now), isChosen ? "> " : "  ", size.columns);
    return isChosen ? look.invert(line) : line;
  });
  return [title, ...(size.rows >= TITLES_FROM ? [titles] : []), ...lines];
}

function listTitle({ rows, top, size }: State): string {
  if (rows.length === 0) return "Nobody waits for approval";
  const room = listRoom(size);
  const part = rows.length > room ? `, ${top + 1} to ${Math.min(rows.length, top + room)}` : "";
  return `Waiting for approval (${rows.length}${part})`;
}

/** The name comes in as many columns as there are: its quotation marks are not cut off. */
type Name = (columns: number) => string;
type Cells = readonly [code: string, name: Name, kind: string, age: string];

function cells(row: RequestRow, now: number): Cells {
  const name: Name = (columns) =>
    quoted(cutText(deviceName(deviceOf(row)), Math.max(1, columns - 2)));
  return [shown(row.requestId, 12), name, kindWords(row).brief(row), ageWords(now - row.ts)];
}

/** `now`, `5 min`, `3 h`, `2 d`. */
function ageWords(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

const CODE = 9;
const AGE = 6;
/** From so many columns on there is room for the kind beside the name. */
const KIND_FROM = 60;

/** One line of exactly `columns`, so that a colour behind it reaches the edge. */
function rowText([code, name, kind, age]: Cells, marker: string, columns: number): string {
  const fixed = marker.length + CODE + 2 + 2 + AGE;
  const room = Math.max(0, columns - fixed);
  const names = columns >= KIND_FROM ? Math.floor((room - 2) * 0.45) : room;
  const cell = (text: string, width: number) => padText(cutText(text, width), width);
  const parts = [cell(code, CODE), cell(name(names), names)];
  if (columns >= KIND_FROM) parts.push(cell(kind, room - 2 - names));
  return cutText(`${marker}${[...parts, cell(age, AGE)].join("  ")}`, columns);
}

function cardScreen(state: State, card: Card, look: Look): string[] {
  const { size } = state;
  const title = titleLine(cardTitle(card), state, look);
  if (!card.row) return [title, "", "Asking the gateway …"];
  const lines = cardText(card.row, size, look.now);
  const room = cardRoom(size);
  const seen = lines.slice(card.top, card.top + room);
  const more = lines.length - card.top - room;
  return [moreInTitle(title, more, size), ...seen];
}

/** Says at the right of the title that the card goes on below. */
function moreInTitle(title: string, more: number, { columns }: Size): string {
  if (more <= 0) return title;
  const hint = `${count(more, "line")} below`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
  const gap = columns - textWidth(title.replace(/\u001b\[[\d;]*m/g, "")) - textWidth(hint);
  return gap < 2 ? title : `${title}${" ".repeat(gap)}${hint}`;
}

function cardTitle({ code, doing, ended, row }: Card): string {
  const name = shown(code, 12);
  if (ended !== undefined) return `${name} ${ended}`;
  if (doing) return doing === "reject" ? `Rejecting ${name} …` : `Approving ${name} …`;
  const isIn = (row?.approvedRoles ?? row?.approvedCommands ?? []).length > 0;
  return isIn ? `Let ${name} do more?` : `Let ${name} in?`;
}
