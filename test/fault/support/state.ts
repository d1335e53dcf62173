import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemFiles } from "../../../src/lib/atomic-file.ts";
import { systemWorld } from "../../../src/lib/world.ts";
import { openState, type StateDocument } from "../../../src/main/state.ts";
import { GatewayProcess, PROCESS_TOKEN } from "../../kit/process.ts";
import { until } from "../../kit/until.ts";
import { addNodes, grantedCapabilities } from "./nodes.ts";
import { ask, listed, pair } from "./owner.ts";

/** Every file of a state folder that the gateway reads at its start. */
export const stateFiles = [
  "gateway.json",
  "gateway.journal",
  "gateway.journal.next",
  "gateway.reserve",
  "openclaw.json",
] as const;
export type StateFile = (typeof stateFiles)[number];

/** A state folder with every kind of file in it, and what a gateway that has it says. */
export interface Sample {
  readonly folder: string;
  readonly paired: ReadonlySet<string>;
  readonly pending: ReadonlyMap<string, string>;
  /** Commands that were approved, and codes that wait, by node. */
  readonly grantedCapabilities: ReadonlyMap<string, string>;
  remove(): Promise<void>;
}

/** As a gateway leaves it that was killed in the middle of writing a snapshot. */
export async function makeSample(): Promise<Sample> {
  const gateway = await GatewayProcess.prepare();
  const config = '{\n  // the name that devices see\n  "gateway": { "name": "sample" }\n}\n';
  await writeFile(join(gateway.stateDir, "openclaw.json"), config, { mode: 0o600 });
  await gateway.start({ OPENCLAW_GATEWAY_TOKEN: PROCESS_TOKEN });
  const pairs = [await pair(gateway), await pair(gateway), await pair(gateway)];
  await ask(gateway);
  const nodeId = await addNodes(gateway);
  const said = {
    ...(await listed(gateway)),
    grantedCapabilities: await grantedCapabilities(gateway),
  };
  for (const { client } of pairs) client.close();
  await gateway.kill();
  const { deviceId = "" } = pairs[0]?.device ?? {};
  const seen = { op: "seen", deviceId, at: 0, reason: "sample" } as const;
  await rewrite(gateway.stateDir, {
    changes: [
      ["devices", seen],
      ["nodes", { op: "seen", nodeId, facts: { lastSeenReason: "sample" } }],
    ],
  });
  const base = await mkdtemp(join(tmpdir(), "gateway-sample-"));
  const folder = join(base, "state");
  await cp(gateway.stateDir, folder, {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => !path.includes(".sock"),
  });
  await gateway.close();
  return { folder, ...said, remove: () => rm(base, { recursive: true, force: true }) };
}

/** Makes the state write its snapshot, and ends that before the journal's names are changed. */
async function rewrite(
  folder: string,
  { changes }: { changes: Parameters<StateDocument["commit"]>[0] },
): Promise<void> {
  let over = false;
  const fs = {
    ...systemFiles,
    rename: (from: string, to: string) => {
      over = from.endsWith(".journal.next");
      return over ? Promise.reject(new Error("cut short")) : systemFiles.rename(from, to);
    },
  };
  const document = await openState({ folder, world: systemWorld, fs, limits: { journalBytes: 1 } });
  await document.commit(changes);
  await until(() => over, "the snapshot");
  await document.commit(changes);
  await document.close();
}
