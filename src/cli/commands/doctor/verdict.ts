/** How bad a finding is: `fail` is what keeps the gateway or its clients from working. */
export type VerdictLevel = "ok" | "note" | "warn" | "fail";

/** What a check says. Every level but `ok` comes with the one thing to type next. */
export type Verdict =
  | { readonly level: "ok"; readonly message: string }
  | {
      readonly level: Exclude<VerdictLevel, "ok">;
      readonly message: string;
      readonly next: string;
    };

/** A verdict under the stable id of its check: one element of `openclaw doctor --json`. */
export type Finding = { readonly id: string } & Verdict;

export function ok(message: string): Verdict {
  return { level: "ok", message };
}

export function note(message: string, next: string): Verdict {
  return { level: "note", message, next };
}

export function warn(message: string, next: string): Verdict {
  return { level: "warn", message, next };
}

export function fail(message: string, next: string): Verdict {
  return { level: "fail", message, next };
}
