import { joined, type Text } from "../../../protocol/text.ts";

/** All keys with what they accept, for `openclaw config --help`. */
export async function configKeys(): Promise<Text> {
  const { configPaths } = await import("../../../config/schema.ts");
  const { describeKey } = await import("../../../config/reference.ts");
  return joined(configPaths().map(describeKey), "\n\n");
}
