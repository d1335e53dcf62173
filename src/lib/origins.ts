/** `scheme://*.` and what must follow the labels that `*` stands for: a name of two labels or more. */
const WILDCARD = /^([a-z][a-z0-9+.-]*:\/\/)\*(\.[^*.:/]+(?:\.[^*.:/]+)+(?::\d+)?)$/;
/** As browsers send them: other letters come in their encoded form. */
const LABELS = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/** Whether an origin, as browsers send it, is one that stands for many: `https://*.example.net`. */
export function isWildcardOrigin(origin: string): boolean {
  return WILDCARD.test(origin);
}

/**
 * Whether `origin` is on a list of origins: word for word, by `*`, or by a wildcard such as
 * `https://*.example.net`, which stands for every name below `example.net` and not for `example.net`
 * itself. Scheme and port must be the same.
 */
export function isListedOrigin(origin: string, list: readonly string[]): boolean {
  return list.some((one) => one === "*" || one === origin || matchesWildcard(origin, one));
}

function matchesWildcard(origin: string, wildcard: string): boolean {
  const [, scheme = "", rest = ""] = WILDCARD.exec(wildcard) ?? [];
  if (rest === "" || !origin.startsWith(scheme) || !origin.endsWith(rest)) return false;
  return LABELS.test(origin.slice(scheme.length, -rest.length));
}
