import { CliError } from "./exit.ts";

export { agoWords, spanWords, tookWords } from "../../words/age.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const letters: Readonly<Record<string, number>> = {
  s: 1000,
  m: MINUTE,
  h: HOUR,
  d: DAY,
  w: 7 * DAY,
};

/**
 * Milliseconds of `90s`, `15m`, `12h`, `30d`, `2w`. A bare number is refused: a `5` may have been
 * meant as minutes or as hours.
 * @throws CliError (usage) for any other text
 */
export function parseSpan(text: string, option: string): number {
  const [, count, letter = ""] = /^(\d{1,6})\s*([smhdw])$/i.exec(text.trim()) ?? [];
  const unit = letters[letter.toLowerCase()];
  if (count === undefined || unit === undefined || Number(count) === 0) {
    throw new CliError("usage", `${option}: expected a length of time such as 12h, 30d or 2w`);
  }
  return Number(count) * unit;
}
