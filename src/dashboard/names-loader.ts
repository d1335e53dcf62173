/** What keys and rights are called; a chunk of its own, asked for at once and again until it came. */
export let names: typeof import("./names.ts") | undefined;

export async function loadNames(then: () => void): Promise<void> {
  if (names) return;
  try {
    names = await import("./names.ts");
    then();
  } catch {
    // The gateway is away: what is drawn next asks again.
  }
}
