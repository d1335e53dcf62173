import { plainText } from "../../../protocol/text.ts";
import type { DeviceWords } from "../../../words/device.ts";
import type { Context } from "../../kit/context.ts";
import type { Completion } from "../../kit/declare.ts";
import { clientKind, deviceName, shortId, shown } from "../../kit/words.ts";
import { openRunning } from "../../reach/connect.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { pendingRows } from "../devices/pages.ts";
import { capabilityRows, nodeRows } from "../nodes/rows.ts";
import type { Offer } from "./offers.ts";

type Asked = Exclude<Completion, readonly string[] | "file">;

/** As many as a person may look through. */
const MOST = 100;
/** A press of Tab waits no longer. */
const WAIT_MS = 1_000;

/** What a running gateway of this machine, or this program, knows of a kind. */
export async function askFor(kind: Asked, context: Context): Promise<Offer[]> {
  if (kind === "config-key") return configKeys();
  if (kind === "method") return methods();
  const gateway = await openRunning(context);
  if (!gateway) return [];
  try {
    return (await fromGateway(kind, gateway)).slice(0, MOST);
  } finally {
    await gateway.close();
  }
}

async function configKeys(): Promise<Offer[]> {
  const { configPaths, specOf } = await import("../../../config/schema.ts");
  return configPaths().map((path) => ({ word: path, about: plainText(specOf(path).help) }));
}

async function methods(): Promise<Offer[]> {
  const { methodList } = await import("../../../main/method-list.ts");
  return methodList().map(({ name, summary }) => ({ word: name, about: summary }));
}

async function fromGateway(kind: Asked, gateway: ReachedGateway): Promise<Offer[]> {
  switch (kind) {
    case "device-request":
      return requests(await pendingRows(gateway));
    case "node-request":
      return requests(await capabilityRows(gateway));
    case "device": {
      const ask = { limit: MOST };
      const { paired } = await gateway.request("device.pair.list", ask, WAIT_MS);
      return paired.map((row) => ({ word: shortId(row.deviceId), about: deviceName(row) }));
    }
    case "node": {
      const list = await gateway.request("node.list", {}, WAIT_MS);
      return nodeRows(list).map((row) => ({ word: shortId(row.deviceId), about: deviceName(row) }));
    }
    case "ssh-key": {
      const { keys } = await gateway.request("host.ssh.list", {}, WAIT_MS);
      return keys.map(({ name, may }) => ({ word: shown(name), about: may.join(", ") }));
    }
    default:
      return [];
  }
}

function requests(rows: readonly (DeviceWords & { readonly requestId: string })[]): Offer[] {
  return rows.map((row) => ({
    word: shown(row.requestId),
    about: `${deviceName(row)} (${clientKind(row)})`,
  }));
}
