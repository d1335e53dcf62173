/**
 * The names chunk: keys as words and rights in words, the same that the gateway and the command line
 * use. A page that was open during an update loads the new one into the old app: what it exports stays.
 */
import { covers } from "../protocol/scopes.ts";
import { OFFERED, scopeInWords, shownScopes } from "../words/scopes.ts";

export { keyWords } from "../words/key.ts";

/**
 * What `scopes` let a device do, each with a mark where `had` was approved earlier, and those that the owner
 * is asked about besides.
 */
export function rights(
  scopes: string[],
  had: string[],
  offered: string[] = [],
): [words: string, mark: string][] {
  const mark = (scope: string) => {
    if (offered.includes(scope)) return OFFERED;
    return had[0] ? (covers(had, scope) ? "approved" : "new") : "";
  };
  return shownScopes([...scopes, ...offered]).map((scope) => [scopeInWords(scope), mark(scope)]);
}
