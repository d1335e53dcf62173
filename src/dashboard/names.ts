/**
 * The names chunk: keys as words and rights in words, the same that the gateway and the command line
 * use. A page that was open during an update loads the new one into the old app: what it exports stays.
 */
import { covers } from "../protocol/scopes.ts";
import { scopeInWords, shownScopes } from "../words/scopes.ts";

export { keyWords } from "../words/key.ts";

/** What `scopes` let a device do, each with a mark where `had` was approved earlier. */
export function rights(scopes: string[], had: string[]): [words: string, mark: string][] {
  const mark = (scope: string) => (covers(had, scope) ? "approved" : "new");
  return shownScopes(scopes).map((scope) => [scopeInWords(scope), had[0] ? mark(scope) : ""]);
}
