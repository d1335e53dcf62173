import { allMethods } from "../methods/index.ts";

/** A method for people, and the least scopes that a caller needs for it. */
export interface ListedMethod {
  readonly name: string;
  readonly summary: string;
  /** `owner`, or roles with the scope they need: `operator, read`. */
  readonly who: string;
  readonly scopes: readonly string[];
}

/** Every method this version has, by name. */
export function methodList(): ListedMethod[] {
  const rows = allMethods.map(({ name, summary, access }) => {
    const { hostOnly, roles, scope } = access;
    const short = scope?.replace(/^operator\./, "");
    const who = hostOnly ? "owner" : [roles.join(" and "), ...(short ? [short] : [])].join(", ");
    return { name, summary, who, scopes: scope === undefined ? [] : [scope] };
  });
  return rows.sort((a, b) => a.name.localeCompare(b.name));
}
