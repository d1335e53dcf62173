/**
 * A line of the log, as JSON with its line break, without those of the facts `names` whose text its
 * message has already.
 */
export function withoutSaid(line: string, names: readonly string[]): string {
  if (!names.some((name) => line.includes(`"${name}":`))) return line;
  const { msg, ...facts } = JSON.parse(line) as Record<string, unknown>;
  for (const name of names) {
    const fact = facts[name];
    if (typeof fact === "string" && String(msg).includes(fact)) delete facts[name];
  }
  return `${JSON.stringify({ ...facts, msg })}\n`;
}
