import { shellWord } from "../lib/shell-word.ts";
import { type Command, commandText, OPENCLAW } from "../protocol/command.ts";
import { COMPOSE, SERVICE } from "./container.ts";

/** Programs that look at the files of a container, or change them, and that every image has. */
const FILES = new Set(["cat", "chmod", "cp", "df", "findmnt", "ls", "mkdir", "mv", "rm", "stat"]);

/** The verbs of systemctl and of the engine for one service. */
const VERBS: Readonly<Record<string, string>> = {
  start: "start",
  restart: "restart",
  stop: "stop",
};

/** What reaches a container from its host. */
interface Way {
  /** Before a program of the container, such as `docker compose exec openclaw-gateway`. */
  readonly inside?: string | undefined;
  /** The engine and what it calls the container, such as `docker compose` and `openclaw-gateway`. */
  readonly engine: string;
  readonly name: string;
}

const ENTERS =
  /^(?<engine>.*?\b(?:docker[ -]compose|docker|podman|nerdctl)(?: (?:-\S+|\S*[/.=]\S*))*) (?:exec|run)(?: -\S+)* (?<name>\S+)$/;

/** What is known of the way by which commands reach their container. */
function wayOf(inside: string | undefined): Way {
  const { engine = COMPOSE, name = SERVICE } = ENTERS.exec(inside ?? "")?.groups ?? {};
  return { inside, engine, name };
}

/**
 * How commands that are told on any machine are typed where the gateway has a container: files are in there,
 * and its engine is what systemd is elsewhere. `inside`: what stands before a program of the container;
 * absent where people read it in there. Answers `undefined` for what is typed as everywhere.
 */
export function containerCommands(
  inside: string | undefined,
): (command: Command, ours: string) => string | undefined {
  const way = wayOf(inside);
  return (command, ours) => {
    const { program, words, root: _, ...rest } = command;
    const [first, second] = words;
    if (program === OPENCLAW) {
      if (first === "gateway" && words.length === 2) {
        // From inside the container would only end, and its engine start it again.
        if (second === "run") return started(way);
        if (second === "stop") return `${way.engine} stop ${way.name}`;
      }
      // There is no sudo in a container, and its user has all that the owner has.
      return command.root ? commandText({ program: ours, words, ...rest }) : undefined;
    }
    if (program === "journalctl") return `${way.engine} logs ${way.name}`;
    if (program === "systemctl" && second === SERVICE && typeof first === "string") {
      const verb = VERBS[first];
      if (verb !== undefined) return `${way.engine} ${verb} ${way.name}`;
    }
    const line = () => commandText({ program, words, ...rest });
    if (program.includes("EDITOR")) return edited(command, way);
    return FILES.has(program) ? behind(way, line()) : undefined;
  };
}

function started({ engine, name }: Way): string {
  return engine.endsWith("compose") ? `${engine} up -d` : `${engine} start ${name}`;
}

/** A line that runs in the container. Its patterns must not be a host's shell's. */
function behind({ inside }: Way, line: string): string {
  if (inside === undefined) return line;
  return line.includes("*") ? `${inside} sh -c ${shellWord(line)}` : `${inside} ${line}`;
}

/** An image has no editor: the file comes out, and goes in again as the gateway's own. */
function edited({ words }: Command, { inside }: Way): string {
  const [line, file] = words.map((word) => (typeof word === "string" ? word : word.fill));
  if (inside === undefined || file === undefined) return `cat ${shellWord(file ?? "")}`;
  const copy = file.slice(file.lastIndexOf("/") + 1);
  const through = inside.replace(/ (exec|run --rm) /, (_all, verb) =>
    inside.includes("compose") ? ` ${verb} -T ` : ` ${verb} -i `,
  );
  const name = shellWord(copy);
  return [
    `${through} cat ${shellWord(file)} > ${name}`,
    `\${EDITOR:-nano} ${line} ${name}`,
    `${through} sh -c ${shellWord(`cat > ${shellWord(file)}`)} < ${name}`,
  ].join(" && ");
}
