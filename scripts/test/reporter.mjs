// A vitest reporter: what passed, failed and was skipped, as JSON in the file that $TEST_REPORT names.
// Vitest's own JSON reporter leaves out what fails in a hook.
import { writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

/** How many lines of each failure are kept: what a log that is cut still shows. */
const LINES = 24;

/** What an error says, how things differ, and where in the project it was: not in vitest. */
function lines({ name = "", message, diff = "", stack = "" }) {
  const at = stack.split("\n").filter((line) => /^ +at /.test(line) && !/node_modules/.test(line));
  return `${name}: ${message}\n${diff}\n${at.join("\n")}`.split("\n").filter((line) => line.trim());
}

const brief = (errors) =>
  stripVTControlCharacters(errors.flatMap(lines).slice(0, LINES).join("\n    "));

export default class Report {
  async onTestRunEnd(modules, unhandled) {
    const report = { passed: 0, failures: [], skipped: [] };
    const failed = (name, errors) => report.failures.push(`${name}\n    ${brief(errors)}`);
    if (unhandled.length > 0) failed("outside of any test", unhandled);
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      if (module.errors().length > 0) failed(file, module.errors());
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) failed(`${file} ${suite.fullName}`, suite.errors());
      }
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === "passed") report.passed += 1;
        else if (state === "failed") failed(`${file} ${test.fullName}`, errors);
        else report.skipped.push(`${file} ${test.fullName}`);
      }
    }
    await writeFile(process.env.TEST_REPORT, JSON.stringify(report));
  }
}
