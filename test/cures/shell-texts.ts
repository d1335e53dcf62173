import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where scripts of the shell tell people something. */
const PLACES = ["scripts", "deploy", "systemd"];

/** What a script tells a person to type. */
export interface ShellText {
  /** The file, and the command as it stands there. */
  readonly name: string;
  readonly file: string;
  readonly command: string;
}

/** A command at the start of a text, behind a colon or a bracket, or set off by blanks. */
const COMMAND =
  /(?:^|[:;(] |\(|"| {2})((?:sudo |env \S+ )?(?:\$command_name|\$OPENCLAW_COMMAND|openclaw|apt-get|curl|journalctl|systemctl|pm2|less|tail|nginx(?= -)|npm|sh|bash|runuser|certbot|install\.sh)(?= |$|;|")(?:(?! \(|\)|;|, or | keeps | checks|"|\u201d| {2})[^\n])*)/g;

/** What prints, besides `fail`, whose last word is what to type. */
const SAYS = /^(?:say|echo|printf|note|warn)$/;

/** Every command that the scripts print for people, or write for them into a file that they make. */
export function shellTexts(): ShellText[] {
  const found = PLACES.flatMap((place) => scriptsIn(place)).flatMap((file) => {
    const source = readFileSync(join(root, file), "utf8");
    return saidIn(source).flatMap((text) =>
      [...text.matchAll(COMMAND)].map(([, command = ""]) => ({ file, command: command.trim() })),
    );
  });
  const texts = found.map((one) => ({ ...one, name: `${one.file}: ${one.command}` }));
  return [...new Map(texts.map((one) => [one.name, one])).values()];
}

function scriptsIn(place: string): string[] {
  const entries = readdirSync(join(root, place), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && isScript(join(entry.parentPath, entry.name)))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .sort();
}

function isScript(path: string): boolean {
  return path.endsWith(".sh") || /^#!.*\bsh\n/.test(readFileSync(path, "utf8").slice(0, 40));
}

/** The words that are printed: those of a function that prints, and of a failure what is to be typed. */
function saidIn(source: string): string[] {
  const said: string[] = [];
  for (const line of joinedLines(source)) {
    for (const words of commandsOf(line)) {
      const [program = "", ...rest] = words;
      // What a failure names comes last.
      if (program === "fail") said.push(...rest.slice(-1));
      else if (SAYS.test(program)) said.push(...rest);
    }
  }
  return said;
}

/** Lines that a backslash, or an operator at the end, continues are one. */
function joinedLines(source: string): string[] {
  const lines = source.replace(/\\\n\s*/g, " ").split("\n");
  return lines.filter((line) => !/^\s*#/.test(line));
}

/** The words of each command of a line, without their quotes. What `$(…)` holds stays as it stands. */
function commandsOf(line: string): string[][] {
  const commands: string[][] = [[]];
  let [at, word, quoted] = [0, "", false];
  const end = () => {
    if (word !== "" || quoted) commands.at(-1)?.push(word);
    [word, quoted] = ["", false];
  };
  while (at < line.length) {
    const rest = line.slice(at);
    const quote = /^"((?:[^"\\$]|\\.|\$(?!\()|\$\((?:[^()]|\([^()]*\))*\))*)"|^'([^']*)'/.exec(
      rest,
    );
    const operator = /^(?:&&|\|\||[|;&(){}]|\bthen\b|\belse\b|\bdo\b)/.exec(rest);
    if (quote) {
      word += quote[1] ?? quote[2] ?? "";
      quoted = true;
      at += quote[0].length;
    } else if (/^\s/.test(rest)) {
      end();
      at += 1;
    } else if (operator && word === "") {
      end();
      commands.push([]);
      at += operator[0].length;
    } else {
      word += rest[0];
      at += 1;
    }
  }
  end();
  return commands;
}
