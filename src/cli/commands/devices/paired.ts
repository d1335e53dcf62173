import { blank, openclaw } from "../../../protocol/command.ts";
import type { Text } from "../../../protocol/text.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { quoted, quotedName, shortId, shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { pairingNeeds } from "../../reach/needs.ts";
import { chooseRow } from "./choose.ts";
import { durabilityNote } from "./durability.ts";
import { hasId, isNamed, matchPaired, searchWords } from "./match.ts";
import { devicePages } from "./pages.ts";
import type { PairedRow } from "./rows.ts";
import { pairedTable } from "./tables.ts";

/** The paired device that is meant by what was typed. */
export async function findDevice(
  context: Context,
  gateway: ReachedGateway,
  ask: { typed: string; verb: string },
): Promise<PairedRow> {
  const paired = await likelyRows(gateway, ask.typed);
  return chooseRow(context, matchPaired(ask.typed, paired), {
    typed: shown(ask.typed),
    verb: ask.verb,
    exactWord: "id",
    exactName: ({ deviceId }) => shortId(deviceId),
    show: (rows) => [
      ...pairedTable(rows, { now: context.io.now(), columns: context.io.columns }),
      ...(rows.length > 1 ? rows.map((row) => `  ${shown(row.deviceId)}`) : []),
    ],
    nothing: `no paired device fits ${shown(ask.typed)} (one that was removed is listed no more)`,
  });
}

/** How many devices that an id's start or a name fits are shown; none is chosen. */
const MOST_LIKELY = 20;

/** What {@link matchPaired} has to look at: those with that id, and some with that name. */
async function likelyRows(gateway: ReachedGateway, typed: string): Promise<PairedRow[]> {
  const rows = new Map<string, PairedRow>();
  for (const query of searchWords(typed)) {
    let many = 0;
    for await (const { paired } of devicePages(gateway, { query: query.slice(0, 256) })) {
      for (const row of paired.filter((one) => hasId(typed, one) || isNamed(typed, one))) {
        many += 1;
        if (many <= MOST_LIKELY) rows.set(row.deviceId, row);
      }
    }
  }
  return [...rows.values()];
}

/** The device as a word or as `--device`. @throws CliError (usage) where neither is there */
export function deviceWord(args: readonly string[], option: string | undefined): string {
  const typed = option ?? args.join(" ");
  if (typed.trim() !== "") return typed;
  throw new CliError("usage", "say which device: give its id", { next: openclaw`devices list` });
}

export interface RemoveDeviceOptions {
  readonly force?: boolean;
}

/** `openclaw devices remove <device>` */
export const remove: Run<RemoveDeviceOptions> = async (context, args, { force }) => {
  const typed = deviceWord(args, undefined);
  await withGateway(context, pairingNeeds, async (gateway) => {
    const device = await findDevice(context, gateway, { typed, verb: "Remove" });
    const { deviceId } = device;
    const params = { deviceId, ...(force && { force }) };
    const removed = await gateway.request("device.pair.remove", params);
    if (context.options.json) return printJson(context, removed);
    const closed = gateway.how === "stopped" ? "" : " Its connections are closed.";
    context.io.out(`Removed ${quotedName(device)} (${shortId(deviceId)}).${closed}`);
    durabilityNote(context, removed);
  });
};

/**
 * Ends a command that failed on a device's name.
 * @throws `error`; where more words follow a name that was not found, a CliError that says to put
 * the name in quotes
 */
export function throwWithQuotes(error: unknown, more: readonly string[], example: Text): never {
  const found = !(error instanceof CliError) || error.exit !== "notFound" || more.length === 0;
  if (found) throw error;
  const message = `${error.message}; a name of several words goes in quotes`;
  throw new CliError(error.exit, message, { next: example, cause: error });
}

export interface RenameOptions {
  readonly device?: string;
  readonly name?: string;
}

/** Names of several words, as they are typed. */
const QUOTED = openclaw`devices rename ${"Anna phone"} ${"Kitchen"}`;

/**
 * `openclaw devices rename <device> <name>`: gives a device another name.
 * @throws CliError (usage) where device or name is missing
 */
export const rename: Run<RenameOptions> = async (context, args, options) => {
  const words = options.device === undefined ? args.slice(1) : args;
  const typed = deviceWord(args.slice(0, 1), options.device);
  const label = options.name ?? words.join(" ");
  if (label.trim() === "") {
    throw new CliError("usage", "say the new name", {
      next: openclaw`devices rename ${blank("DEVICE")} ${"Kitchen tablet"}`,
    });
  }
  await withGateway(context, pairingNeeds, async (gateway) => {
    const { deviceId } = await findDevice(context, gateway, { typed, verb: "Rename" }).catch(
      (error) => throwWithQuotes(error, words, QUOTED),
    );
    const renamed = await gateway.request("device.pair.rename", {
      deviceId,
      label,
    });
    if (context.options.json) return printJson(context, renamed);
    context.io.out(`${shortId(deviceId)} is now called ${quoted(shown(renamed.label))}.`);
  });
};
