import type { Context } from "../../kit/context.ts";
import type { CommandTree } from "../../kit/declare.ts";
import { shown } from "../../kit/words.ts";
import { type Offer, type Offers, offersFor } from "./offers.ts";

/** Tells a shell that files may stand there as well: no word of ours begins with a colon. */
const FILES = ":files";

/**
 * `openclaw complete WORDS`, which the script of `openclaw completion` calls at each press of Tab: prints
 * what may stand where the last word is, a word a line, with a tab and what it is about. It says
 * nothing of what fails: Tab is pressed in the middle of a line.
 */
export async function complete(
  context: Context,
  tree: CommandTree,
  words: readonly string[],
): Promise<void> {
  const typed = words.at(-1) ?? "";
  const found = offersFor(tree, words);
  // What a gateway elsewhere knows takes its token, and longer than a press of a key may.
  const asked = words.some((word) => word.startsWith("--url")) ? [] : await answers(found, context);
  const offers = [...found.offers, ...asked].filter(({ word }) => word.startsWith(typed));
  if (found.ask === "file") context.io.data(FILES);
  for (const { word, about } of offers) {
    context.io.data(about === undefined ? word : `${word}\t${shown(about, 120)}`);
  }
}

async function answers({ ask, prefix }: Offers, context: Context): Promise<Offer[]> {
  if (ask === undefined || ask === "file") return [];
  const { askFor } = await import("./ask.ts");
  const offers = await askFor(ask, context).catch(() => []);
  return offers.map((offer) => ({ ...offer, word: prefix + offer.word }));
}
