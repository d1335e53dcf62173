import { say, type Text } from "../../../protocol/text.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { styleOf } from "../../kit/style.ts";
import { count, shownLines, shownText } from "../../kit/words.ts";
import { examine } from "./checks.ts";
import { gatherFacts } from "./gather.ts";
import { type Finding, findingRow, type VerdictLevel } from "./verdict.ts";

const worstFirst: readonly VerdictLevel[] = ["fail", "warn", "note", "ok"];

/**
 * `openclaw doctor`: what is wrong here and what to type. Exit code 1 where something fails.
 * @throws CliError (usage) with `--url`
 */
export const doctor: Run<unknown> = async (context) => {
  if (context.options.url !== undefined) {
    throw new CliError("usage", "doctor looks at this machine; --url does not apply", {
      next: "repeat the command on the gateway's machine, without --url",
    });
  }
  const findings = examine(await gatherFacts(context));
  if (context.options.json) printJson(context, findings.map(findingRow));
  else for (const line of reportLines(context, findings)) context.io.out(line);
  return findings.some(({ level }) => level === "fail") ? "failed" : "ok";
};

/** The worst first, each with what to type; then what is well. */
function reportLines({ io }: Context, findings: readonly Finding[]): Text[] {
  const { good, bad, heading } = styleOf(io);
  const paint = { fail: bad, warn: heading, note: heading, ok: good };
  const lines = worstFirst.flatMap((level): Text[] => {
    const those = findings.filter((finding) => finding.level === level);
    return those.flatMap((finding) => {
      const said = `${paint[level](level.padEnd(4))}  ${shownLines(finding.message)}`;
      if (finding.level === "ok") return [said];
      return [`${said} [${finding.id}]`, say`      next: ${shownText(finding.next)}`];
    });
  });
  return [...lines, "", summary(findings)];
}

/** The last line: how many of what, or that there is nothing to do. */
export function summary(findings: readonly Finding[]): string {
  const of = (level: VerdictLevel) => findings.filter((finding) => finding.level === level).length;
  const [failed, warned, noted] = [of("fail"), of("warn"), of("note")];
  if (failed + warned + noted === 0) return `All is well: ${of("ok")} checks, nothing to do.`;
  const rest = `${count(warned, "warning")}, ${count(noted, "note")}, ${of("ok")} well`;
  if (failed === 0) return `Nothing fails: ${rest}.`;
  return `${failed === 1 ? "1 check fails" : `${failed} checks fail`}; ${rest}.`;
}
