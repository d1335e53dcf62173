import type { Io } from "./io.ts";

/** Marks text for people. Without colour the words alone carry the meaning. */
export interface Style {
  heading(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  faint(text: string): string;
  /** Light on dark where the rest is dark on light, and the other way round. */
  invert(text: string): string;
}

export function styleOf(io: Pick<Io, "colour">): Style {
  const paint = (code: number) => (text: string) =>
    io.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { heading: paint(1), good: paint(32), bad: paint(31), faint: paint(2), invert: paint(7) };
}
