/** All keys with what they accept, for `openclaw config --help`. */
export async function configKeys(): Promise<string> {
  const { configPaths } = await import("../../../config/schema.ts");
  const { describeKey } = await import("../../../config/reference.ts");
  return configPaths().map(describeKey).join("\n\n");
}
