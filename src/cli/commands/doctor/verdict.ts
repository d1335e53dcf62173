import { plainText, type Text } from "../../../protocol/text.ts";

/** How bad a finding is: `fail` is what keeps the gateway or its clients from working. */
export type VerdictLevel = "ok" | "note" | "warn" | "fail";

/** What a check says. Every level but `ok` comes with the one thing to type next. */
export type Verdict =
  | { readonly level: "ok"; readonly message: string }
  | {
      readonly level: Exclude<VerdictLevel, "ok">;
      readonly message: string;
      readonly next: Text;
    };

/** A verdict under the stable id of its check. */
export type Finding = { readonly id: string } & Verdict;

/** One element of `openclaw doctor --json`. */
export interface FindingRow {
  readonly id: string;
  readonly level: VerdictLevel;
  readonly message: string;
  /** What to type next; absent where all is well. */
  readonly next?: string;
}

export function findingRow(finding: Finding): FindingRow {
  return finding.level === "ok" ? finding : { ...finding, next: plainText(finding.next) };
}

export function ok(message: string): Verdict {
  return { level: "ok", message };
}

export function note(message: string, next: Text): Verdict {
  return { level: "note", message, next };
}

export function warn(message: string, next: Text): Verdict {
  return { level: "warn", message, next };
}

export function fail(message: string, next: Text): Verdict {
  return { level: "fail", message, next };
}
