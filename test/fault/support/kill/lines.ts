import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type AuditLine, isLine } from "../../../../src/audit/chain.ts";
import { auditFiles, parse, wholeLines } from "../../../../src/audit/files.ts";
import type { HostState } from "../../../../src/audit/parts.ts";
import { publicHash } from "../../../../src/config/redact.ts";
import { systemFiles } from "../../../../src/lib/atomic-file.ts";
import { systemWorld } from "../../../../src/lib/world.ts";
import { stateShape } from "../../../../src/main/state.ts";
import { nodePairing } from "../../../../src/pairing/records.ts";
import { documentFiles } from "../../../../src/store/files.ts";
import { readDocument } from "../../../../src/store/recover.ts";
import { type Ledger, nameNumber } from "./ledger.ts";

/** What a killed gateway left on the disk, read as the next start would, and not changed. */
async function left(stateDir: string) {
  const files = documentFiles(stateDir, stateShape.name);
  const outside = { fs: systemFiles, world: systemWorld };
  const { state } = await readDocument(stateShape, files, outside);
  const { devices: pairing, secrets, nodes, requests, host } = state;
  return { pairing, secrets, nodes, requests, host, lines: await linesIn(stateDir, host) };
}

/** All lines, from the files and from the state. */
async function linesIn(stateDir: string, { trail }: HostState): Promise<AuditLine[]> {
  const folder = join(stateDir, "audit");
  const lines = new Map<number, AuditLine>();
  for (const name of await auditFiles(folder)) {
    const texts = wholeLines(await readFile(join(folder, name), "utf8"));
    for (const line of texts.map(parse).filter(isLine)) lines.set(line.seq, line);
  }
  for (const line of trail.outbox) lines.set(line.seq, line);
  return [...lines.values()];
}

/**
 * After a kill no decision is without its line: who is paired or revoked, what nodes may do or may not,
 * the shared secret, the configuration. A line may be there whose decision came to nothing.
 */
export async function expectLines(stateDir: string, ledger: Ledger): Promise<void> {
  const names = await readdir(stateDir);
  // Nothing of a first start may be there yet.
  if (!names.includes("gateway.journal")) return;
  const { pairing, secrets, nodes, requests, host, lines } = await left(stateDir);
  const told = new Set<string>();
  for (const { event, what = {} } of lines) {
    told.add(`${event} ${what["request"] ?? what["device"]}`);
    told.add(`${event} ${what["device"]}`);
  }
  const without: string[] = [];
  const needs = (...any: string[]) => {
    if (!any.some((one) => told.has(one))) without.push(any.join(" or "));
  };
  for (const { deviceId: id, tokens } of pairing.devices.values()) {
    needs(`device.approved ${id}`, `device.linked ${id}`);
    const revoked = Object.values(tokens).some(({ revokedAtMs }) => revokedAtMs !== undefined);
    if (revoked) needs(`token.revoked ${id}`);
  }
  for (const { nodeId, surface } of nodes.nodes.values()) {
    if (surface) needs(`node.approved ${nodeId}`);
  }
  for (const [code, nodeId] of ledger.offered) {
    const waits = requests.requests.has(code) || nodes.nodes.get(nodeId)?.surface !== undefined;
    const isNode = nodePairing(pairing.devices.get(nodeId)) !== undefined;
    if (isNode && !waits) needs(`node.rejected ${code}`);
  }
  expect(without).toEqual([]);
  const count = (wanted: string) => lines.filter(({ event }) => event === wanted).length;
  // Each time the secret was set it got the next number.
  // The line and the secret are one append: none is there without the other.
  expect(count("secret.set")).toBe(secrets.secrets.token?.epoch ?? 0);
  ledger.sawName(await nameNumber(stateDir));
  expect(count("config.changed")).toBeGreaterThanOrEqual(ledger.names);
  const { configAhead } = host.trail;
  const text = await readFile(join(stateDir, "openclaw.json"), "utf8").catch(() => "");
  const key = Buffer.from(secrets.tokenKey ?? "", "base64url");
  const isMade = configAhead?.hash === publicHash(text, key);
  const cutShort = isMade ? undefined : configAhead?.line;
  expectConfigLines(lines, { names: ledger.names, cutShort });
}

/**
 * Each name that was ever in the file has exactly one line. A line whose change a kill came before has a
 * second one after the next start (`cutShort` is the line of one that was not started again). No test
 * here edits the file by hand, so no line says that.
 */
function expectConfigLines(
  lines: readonly AuditLine[],
  { names, cutShort }: { names: number; cutShort: number | undefined },
): void {
  const changes = lines.filter(({ event }) => event === "config.changed");
  expect(changes.filter(({ by }) => by.kind === "gateway")).toEqual([]);
  const failures = lines.filter(({ event }) => event === "change.failed");
  const failed = new Set(failures.map(({ what }) => what?.["line"]));
  const made = changes.filter(({ seq }) => seq !== cutShort && !failed.has(seq));
  expect(made).toHaveLength(names);
}
