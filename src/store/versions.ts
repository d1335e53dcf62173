import { Damage } from "./damage.ts";
import { StoreError } from "./errors.ts";
import type { ReplayShape } from "./shape.ts";

/** What snapshots and journal files say about themselves in their first line. */
export interface FileHeader {
  format: string;
  name: string;
  version: number;
}

/**
 * Whether a file needs the shape's migration.
 * @throws StoreError (STORE_NEWER, STORE_OLDER) if it cannot be read
 * @throws Damage if it belongs to another document
 */
export function isOlder<State, Change>(
  where: { file: string; folder: string; format: string },
  header: FileHeader,
  shape: ReplayShape<State, Change>,
): boolean {
  const { file, folder, format } = where;
  if (header.format !== format) {
    const detail = `its format is ${JSON.stringify(header.format)}, known is "${format}"`;
    throw new StoreError("STORE_NEWER", { folder, file, detail });
  }
  if (header.name !== shape.name) {
    const found = `it holds the document ${JSON.stringify(header.name)}, not "${shape.name}"`;
    throw new Damage({ file, line: 1 }, found);
  }
  if (header.version === shape.version) return false;
  const detail = `${shape.name} has version ${header.version} there, known is ${shape.version}`;
  if (header.version > shape.version) {
    throw new StoreError("STORE_NEWER", { folder, file, detail });
  }
  if (!shape.migrate) throw new StoreError("STORE_OLDER", { folder, file, detail });
  return true;
}
