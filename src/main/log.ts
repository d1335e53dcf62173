import { loadConfig } from "../config/load.ts";
import { configPath, stateFolder } from "../host/paths.ts";
import type { Environment } from "../lib/environment.ts";
import { createLog, type OpenLog } from "../lib/log.ts";
import { LogRing } from "../lib/log-ring.ts";
import { systemWorld } from "../lib/world.ts";
import { limitTable } from "../limits/table.ts";
import { plainText, type Text } from "../protocol/text.ts";
import { namesRequestOrDevice } from "../words/code.ts";

/** Of the audit's copy in the log: for the journal, not for eyes. `openclaw audit` has them in words. */
const AUDIT_FACTS = ["what", "hash"];

/** The log where the configuration wants it; a configuration with errors is reported later. */
export async function openLog(
  { env, terminal }: { readonly env: Environment; readonly terminal: boolean },
  ring: LogRing,
): Promise<OpenLog> {
  const { config } = await loadConfig({ path: configPath(env, stateFolder(env)), env });
  const { level, file } = config.logging;
  const { value: bufferBytes } = limitTable.logBufferBytes;
  const { logFileBytes, logFilesKept } = limitTable;
  const fileBounds = { fileBytes: logFileBytes.value, kept: logFilesKept.value };
  const pretty = terminal && file === undefined;
  return createLog({
    level,
    pretty,
    spared: AUDIT_FACTS,
    sparedIfSaid: ["next"],
    errorFacts,
    file,
    fileBounds,
    bufferBytes,
    ring,
  });
}

/** What an error says to do next is one sentence in the log. */
function errorFacts(facts: object): object {
  if (!("next" in facts)) return facts;
  return { ...facts, next: plainText(facts.next as Text) };
}

export function newRing(): LogRing {
  const { logRingBytes, logRingLineChars } = limitTable;
  const bounds = { bytes: logRingBytes.value, lineChars: logRingLineChars.value };
  return new LogRing(bounds, systemWorld.now() * 1000, namesRequestOrDevice);
}
