import { parseSpan } from "../age.ts";
import { type Gateway, withGateway } from "../connect.ts";
import { printJson } from "../context.ts";
import { CliError } from "../exit.ts";
import type { Run } from "../shell.ts";
import type { DeviceList, Durability } from "../wire.ts";
import { count } from "../words.ts";
import { durabilityNote } from "./durability.ts";
import { isStale } from "./list.ts";
import { pairingNeeds } from "./needs.ts";

export interface ClearOptions {
  readonly pending?: boolean;
  readonly stale?: string;
  readonly yes?: boolean;
}

/**
 * `openclaw devices clear`: with `--pending` the requests that wait, with `--stale` paired devices
 * not seen for so long, with neither all paired devices. Never more than was named.
 */
export const clear: Run<ClearOptions> = async (context, _args, options) => {
  const { stale } = options;
  const before = stale === undefined ? undefined : context.io.now() - parseSpan(stale, "--stale");
  await withGateway(context, pairingNeeds, async (gateway) => {
    const all = await gateway.request<DeviceList>("device.pair.list");
    const pending = options.pending ? all.pending : [];
    const everyone = !options.pending && before === undefined;
    const paired = all.paired.filter(
      (row) => everyone || (before !== undefined && isStale(row, before)),
    );
    const what = { pending, paired };
    if (!options.yes) throw unconfirmed(what);
    const outcome = await clearAll(gateway, what);
    if (context.options.json) return printJson(context, outcome.result);
    context.io.out(`Done: ${wordsOf(what)}.`);
    durabilityNote(context, outcome.last);
  });
};

type Rows = Pick<DeviceList, "pending" | "paired">;

async function clearAll(gateway: Gateway, { pending, paired }: Rows) {
  let last: Durability = {};
  for (const { requestId } of pending) {
    last = await gateway.request<Durability>("device.pair.reject", { requestId });
  }
  for (const { deviceId } of paired) {
    last = await gateway.request<Durability>("device.pair.remove", { deviceId });
  }
  const result = {
    rejected: pending.map(({ requestId }) => requestId),
    removed: paired.map(({ deviceId }) => deviceId),
  };
  return { result, last };
}

function wordsOf({ pending, paired }: Rows): string {
  const parts: string[] = [];
  if (pending.length > 0) parts.push(`${count(pending.length, "request")} rejected`);
  if (paired.length > 0) parts.push(`${count(paired.length, "paired device")} removed`);
  return parts.join(", ") || "nothing to clear";
}

function unconfirmed(what: Rows): CliError {
  return new CliError("failed", `with --yes: ${wordsOf(what)}; nothing was changed`, {
    next: "repeat the command with --yes",
  });
}
