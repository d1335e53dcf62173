import { cleanText } from "../lib/text.ts";

/** Characters of a user agent that are read: browsers' have about 150. */
const READ_CHARS = 512;
const PROGRAM_CHARS = 64;

/** A name as RFC 9110 has it, with or without a version. */
const PRODUCT = /^[\w.!#$%&'*+^`|~-]+(\/[\w.!#$%&'*+^`|~-]+)?$/;

/** Names that browsers have in their user agents for the sake of servers, and not as their own. */
const ANCESTORS =
  /^(Mozilla|AppleWebKit|Gecko|Chrom(e|ium)|HeadlessChrome|CriOS|Safari|Version|Mobile|Edg[A-Za-z]*|OPR|Firefox|FxiOS|Electron)(\/|$)/;

/** Browsers by the sign that only they have, or that remains where no other is there. */
const BROWSERS: readonly (readonly [sign: RegExp, name: string])[] = [
  [/^Edg[A-Za-z]*\//, "Edge"],
  [/^OPR\//, "Opera"],
  [/^(Firefox|FxiOS)\//, "Firefox"],
  [/^(Headless)?Chrom(e|ium)\/|^CriOS\//, "Chrome"],
  [/^Safari\//, "Safari"],
];

/**
 * The program that a `User-Agent` names, such as `sample-app/2.1` or `Chrome`; `undefined` where it names
 * none. It is what a client says of itself: for people to read, and nothing is decided by it.
 */
export function programOf(userAgent: unknown): string | undefined {
  const text = cleanText(userAgent, READ_CHARS);
  const products = text === undefined ? [] : productsIn(text);
  const [first] = products;
  if (first === undefined) return undefined;
  if (!first.startsWith("Mozilla/")) {
    // One word among others without a version is a word of a sentence.
    return first.includes("/") || first === text ? cleanText(first, PROGRAM_CHARS) : undefined;
  }
  const own = products.find((product) => product.includes("/") && !ANCESTORS.test(product));
  if (own !== undefined) return cleanText(own, PROGRAM_CHARS);
  return BROWSERS.find(([sign]) => products.some((product) => sign.test(product)))?.[1];
}

/** The products before anything that is none, without the comments in brackets. */
function productsIn(text: string): string[] {
  const words = text
    .replaceAll(/\([^()]*\)/g, " ")
    .split(" ")
    .filter((word) => word !== "");
  const end = words.findIndex((word) => !PRODUCT.test(word));
  return end < 0 ? words : words.slice(0, end);
}
