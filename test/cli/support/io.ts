import type { Io } from "../../../src/cli/kit/io.ts";
import { main } from "../../../src/cli/main.ts";
import { plainText, type Text } from "../../../src/protocol/text.ts";

export const NOW = Date.UTC(2026, 8, 1, 12, 0, 0);

/** A terminal that remembers what was printed and answers from a list. */
export class FakeIo implements Io {
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly questions: string[] = [];
  readonly answers: string[] = [];
  readonly env: NodeJS.ProcessEnv;
  showsPerson = false;
  readsPerson = false;
  asksPerson = false;
  columns = 80;
  lineColumns = Number.POSITIVE_INFINITY;
  rows = 24;
  colour = false;
  input = "";

  constructor(env: NodeJS.ProcessEnv = {}) {
    this.env = env;
  }

  now(): number {
    return NOW;
  }

  data(text: string): void {
    this.out(text);
  }

  out(line: Text): void {
    for (const one of plainText(line).split("\n")) this.lines.push(one);
  }

  err(line: Text): void {
    for (const one of plainText(line).split("\n")) this.errors.push(one);
  }

  async prompt(question: Text): Promise<string> {
    this.questions.push(plainText(question));
    return this.answers.shift() ?? "";
  }

  async readLine(): Promise<string> {
    return this.input;
  }

  get text(): string {
    return this.lines.join("\n");
  }

  get errorText(): string {
    return this.errors.join("\n");
  }
}

/** Runs a command line given as one string; words in single quotes stay together. */
export function openclaw(command: string, io: Io): Promise<number> {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
  return main(words, io);
}
