import { describe, expect, test } from "vitest";
import { allowedBy, allowLine, parseAllowList } from "../../../src/cli/node-host/allow-list.ts";

const allows = (line: string, argv: string[]) =>
  allowedBy(parseAllowList(line), argv) !== undefined;

describe("a line of the allow-list", () => {
  test.each<[string, string[], boolean]>([
    ["df -h", ["df", "-h"], true],
    ["df -h", ["df"], false],
    ["df -h", ["df", "-h", "/"], false],
    ["df -h", ["DF", "-h"], false],
    ["df -h", ["/tmp/df", "-h"], false],
    ["df -h", ["df -h"], false],
    ["  df   -h  ", ["df", "-h"], true],
    ["systemctl status *", ["systemctl", "status", "nginx"], true],
    ["systemctl status *", ["systemctl", "status", "--root=/x"], false],
    ["systemctl status *", ["systemctl", "status"], false],
    ["systemctl status *", ["systemctl", "status", "a", "b"], false],
    ["systemctl status *", ["systemctl", "status", ""], true],
    ["ls --sort=*", ["ls", "--sort=size"], true],
    ["cat /var/log/*.log", ["cat", "/var/log/a.log"], true],
    ["cat /var/log/*.log", ["cat", "/var/log/a.txt"], false],
    ["cat /var/log/*", ["cat", "/var/log/../../etc/shadow"], false],
    ["cat /var/log/*", ["cat", "/var/log/a/.."], false],
    ["cat /var/log/*.log", ["cat", "/var/log/..log"], true],
    ["cat /var/log/*", ["cat", "/var/log/a..b"], true],
    ["git log *", ["git", "log", "v1..v2"], true],
    ["x --file=*", ["x", "--file=../etc/shadow"], false],
    ["x *", ["x", ".."], false],
    ["cat ../*", ["cat", "../../a"], true],
    ["x a*b*c", ["x", "abc"], true],
    ["x a*b*c", ["x", "a-b-b-c"], true],
    ["x a*b*c", ["x", "ac"], false],
    ["x ab*bc", ["x", "abc"], false],
    ["x a\\*", ["x", "a*"], true],
    ["x a\\*", ["x", "ab"], false],
    ["echo ...", ["echo"], true],
    ["echo ...", ["echo", "-n", "x"], true],
    ["echo ...", ["printf"], false],
    ['["printf", "two words"]', ["printf", "two words"], true],
    ['["printf", "two words"]', ["printf", "two", "words"], false],
    ["# df", ["#", "df"], false],
    ["", [], false],
  ])("%s: %j is allowed: %s", (line, argv, fine) => {
    expect(allows(line, argv)).toBe(fine);
  });

  test.each(["* -h", "/usr/bin/* x", "...", "echo ... x", "[1]", '["unclosed"', '{"a":1}x ['])(
    "%s allows nothing or only itself",
    (line) => {
      const list = parseAllowList(line);
      if (line.startsWith("{")) return expect(list.rules).toHaveLength(1);
      expect(list.rules).toEqual([]);
      expect(list.problems).toEqual([expect.stringMatching(/^line 1: /)]);
    },
  );

  test.each([
    [["df", "-h"]],
    [["printf", "two words"]],
    [["x", "*"]],
    [["x", "..."]],
    [["x", "a\\b", "\\*", "\\"]],
    [["x", ""]],
    [["x", "#", 'a"b', "line\nbreak", "\u001b[2J"]],
    [["[", "x", "]"]],
    [["#x"]],
  ])("the line offered for %j allows exactly that", (argv) => {
    const line = allowLine(argv);
    expect(line).not.toContain("\n");
    expect(allows(line, argv)).toBe(true);
    expect(allows(line, [...argv, "more"])).toBe(false);
    expect(
      allows(
        line,
        argv.map((word) => `${word}y`),
      ),
    ).toBe(false);
  });
});
