import { isFullControl } from "../../../protocol/access.ts";
import { blank, openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { parseSpan } from "../../kit/age.ts";
import { type Context, printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { explainFailure } from "../../kit/failures.ts";
import { count } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway } from "../../reach/gateway.ts";
import { pairingNeeds } from "../../reach/needs.ts";
import type { DurabilityFields } from "./durability.ts";
import { durabilityNote } from "./durability.ts";
import { forEach } from "./for-each.ts";
import { devicePages, type ListQuery, pendingRows } from "./pages.ts";
import type { PairedRow, RemainingAdmins } from "./rows.ts";

export interface ClearOptions {
  readonly pending?: boolean;
  readonly stale?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
}

/**
 * `openclaw devices clear`: with `--pending` the requests that wait, with `--stale` paired devices
 * not seen for so long, with neither all paired devices. Never more than was named.
 */
export const clear: Run<ClearOptions> = async (context, _args, options) => {
  const what = readWhat(options, context.io.now());
  await withGateway(context, pairingNeeds, async (gateway) => {
    if (!options.yes) throw unconfirmed(await counted(gateway, what));
    if (!options.force) await refuseLastWayIn(gateway, what);
    const clearing = new Clearing(gateway, {
      keepIds: context.options.json === true,
      force: options.force === true,
    });
    try {
      await clearing.run(what);
    } catch (error) {
      clearing.report(context, "Stopped early");
      throw error;
    }
    if (context.options.json) printJson(context, clearing.result);
    else clearing.report(context, "Done");
  });
};

interface What {
  readonly pending: boolean;
  /** Which paired devices, if any. */
  readonly paired: ListQuery | undefined;
}

function readWhat({ pending = false, stale }: ClearOptions, now: number): What {
  if (stale === undefined) return { pending, paired: pending ? undefined : {} };
  return { pending, paired: { seenBefore: now - parseSpan(stale, "--stale") } };
}

/** What the gateway says of a device or a request that is not there. */
const gone: ReadonlySet<string | undefined> = new Set(["UNKNOWN_DEVICE", "UNKNOWN_REQUEST"]);

interface Counts {
  rejected: number;
  removed: number;
}

async function counted(gateway: ReachedGateway, what: What): Promise<Counts> {
  const counts = { rejected: 0, removed: 0 };
  if (what.pending) counts.rejected = (await pendingRows(gateway)).length;
  if (!what.paired) return counts;
  for await (const { total } of devicePages(gateway, { ...what.paired, limit: 1 })) {
    counts.removed = total;
  }
  return counts;
}

/**
 * Refuses before anything is changed where no way in with full control would be left. The gateway
 * itself refuses the last one; all others would be gone by then.
 */
async function refuseLastWayIn(gateway: ReachedGateway, { paired }: What): Promise<void> {
  if (!paired) return;
  let going = 0;
  let all: RemainingAdmins | undefined;
  for await (const page of devicePages(gateway, paired)) {
    all ??= page.waysIn;
    if (!all || all.others > 0 || all.devices === 0) return;
    going += page.paired.filter(isWayIn).length;
  }
  if (!all || going < all.devices) return;
  const message = "nothing was changed: that would end the last way in with full control";
  const revoke = openclaw`devices revoke-all --except ${blank("DEVICE")}`;
  throw new CliError("failed", message, {
    next: say`${revoke} (to shut everybody out all the same, repeat the command with --force)`,
    code: "LAST_WAY_IN",
  });
}

function isWayIn({ tokens = [] }: PairedRow): boolean {
  return tokens.some((token) => token.role === "operator" && isFullControl(token));
}

/** The work, and how far it came. Ids are kept only where the output has them (`keepIds`). */
class Clearing {
  readonly result: { rejected: string[]; removed: string[] } = { rejected: [], removed: [] };
  readonly #counts: Counts = { rejected: 0, removed: 0 };
  #last: DurabilityFields = {};

  constructor(
    private readonly gateway: ReachedGateway,
    private readonly how: { readonly keepIds: boolean; readonly force: boolean },
  ) {}

  async run({ pending, paired }: What): Promise<void> {
    if (pending) {
      await forEach(await pendingRows(this.gateway), ({ requestId }) =>
        this.#act("rejected", requestId, () =>
          this.gateway.request("device.pair.reject", { requestId }),
        ),
      );
    }
    if (!paired) return;
    const force = this.how.force && { force: true };
    for await (const page of devicePages(this.gateway, paired)) {
      await forEach(page.paired, ({ deviceId }) => {
        const params = { deviceId, ...force };
        return this.#act("removed", deviceId, () =>
          this.gateway.request("device.pair.remove", params),
        );
      });
    }
  }

  async #act(what: keyof Counts, id: string, run: () => Promise<DurabilityFields>): Promise<void> {
    try {
      const outcome = await run();
      if (outcome.durable === false) this.#last = outcome;
    } catch (error) {
      // Another command was quicker.
      if (gone.has(explainFailure(error).code)) return;
      throw error;
    }
    this.#counts[what] += 1;
    if (this.how.keepIds) this.result[what].push(id);
  }

  report(context: Context, how: "Done" | "Stopped early"): void {
    const { io } = context;
    if (how === "Done") io.out(`Done: ${wordsOf(this.#counts, "nothing to clear")}.`);
    else io.err(`Stopped early: ${wordsOf(this.#counts, "nothing was changed")}.`);
    durabilityNote(context, this.#last);
  }
}

function wordsOf({ rejected, removed }: Counts, nothing: string): string {
  const parts: string[] = [];
  if (rejected > 0) parts.push(`${count(rejected, "request")} rejected`);
  if (removed > 0) parts.push(`${count(removed, "paired device")} removed`);
  return parts.join(", ") || nothing;
}

function unconfirmed(counts: Counts): CliError {
  return new CliError(
    "failed",
    `nothing was changed yet; --yes would make it: ${wordsOf(counts, "nothing to clear")}`,
    {
      next: "repeat the command with --yes",
    },
  );
}
