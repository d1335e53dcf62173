/**
 * `JSON.parse` takes any depth, but what walks a value by calling itself, as `JSON.stringify` and a schema
 * do, runs out of stack. Here nothing is walked deeper than is asked for.
 */

/**
 * Whether objects and lists could be nested more than `most` levels deep in a JSON text: whether it has so
 * many brackets. For nearly every frame that says it all, in a twentieth of the time it takes to parse.
 */
export function couldNestDeeper(text: string, most: number): boolean {
  // Each level takes two characters at least.
  if (text.length < 2 * (most + 1)) return false;
  let open = 0;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      open += 1;
      if (open > most) return true;
    }
  }
  return false;
}

/** Whether objects and lists of a value that was JSON are nested more than `most` levels deep. */
export function nestsDeeper(value: unknown, most: number): boolean {
  if (!isNested(value)) return false;
  if (most === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (isNested(item) && nestsDeeper(item, most - 1)) return true;
    return false;
  }
  // Not Object.values: this is what costs the time, and it would make a list of each object.
  for (const name in value) {
    const item = value[name];
    if (isNested(item) && nestsDeeper(item, most - 1)) return true;
  }
  return false;
}

function isNested(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
