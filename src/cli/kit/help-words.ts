import type { Declaration } from "./declare.ts";

const OPTIONS: readonly string[] = ["--help", "-h"];

/** A command line as the program's own parser splits it. */
interface Typed {
  /** The words before the first option that is not one of every command. */
  readonly operands: readonly string[];
  /** What stands from there on. */
  readonly options: readonly string[];
}

/**
 * A command line that asks for help, as the command it asks about with `--help` behind it: the parser knows
 * `help` for one word alone, and answers a word that is no command with the help of what stands before it.
 * A line with such a word becomes that word in its place without the question, so that it is refused.
 * `undefined` for one that asks for no help.
 */
export function asHelpOption(program: Declaration, typed: Typed): readonly string[] | undefined {
  const words = asked(program, typed);
  if (words === undefined) return undefined;
  const path: string[] = [];
  let at = program;
  for (const word of words) {
    const below = at.under?.find(({ name }) => name === word);
    if (below === undefined) return at.run ? [...path, "--help"] : [...path, word];
    path.push(word);
    at = below;
  }
  return [...path, "--help"];
}

/** The words that help is asked about; `undefined` where none is asked for. */
function asked(program: Declaration, { operands, options }: Typed): readonly string[] | undefined {
  const [one = "", two, ...more] = operands;
  if (one === "help") return operands.slice(1);
  const isNoun = program.under?.some(({ name, under }) => name === one && under !== undefined);
  if (isNoun && two === "help") return [one, ...more];
  return options.some((option) => OPTIONS.includes(option)) ? operands : undefined;
}
