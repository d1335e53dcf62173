import { blank, openclaw } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { spanWords } from "../../kit/age.ts";
import { printJson } from "../../kit/context.ts";
import type { Run } from "../../kit/declare.ts";
import { CliError } from "../../kit/exit.ts";
import { table } from "../../kit/table.ts";
import { accessWords, shown } from "../../kit/words.ts";
import { withGateway } from "../../reach/connect.ts";
import type { ReachedGateway, Result } from "../../reach/gateway.ts";
import { adminNeeds } from "../../reach/needs.ts";
import { durabilityNote } from "./durability.ts";

type Link = Result<"device.pair.inviteList">["invites"][number];

/** Older gateways have links alone, and don't say so. */
function kindWords({ kind }: Link): string {
  return kind === "setup-code" ? "setup code" : "link";
}

/** `openclaw devices invite list` */
export const links: Run<unknown> = async (context) => {
  await withGateway(context, adminNeeds, async (gateway) => {
    const answer = await gateway.request("device.pair.inviteList");
    if (context.options.json) return printJson(context, answer);
    const { io } = context;
    if (answer.invites.length === 0) {
      io.out(say`No open links. To make one: ${openclaw`devices invite`}`);
      return;
    }
    const titles = ["LINK", "KIND", "FOR", "MAY", "USED", "EXPIRES"];
    const columns = titles.map((title) => ({
      title,
      fixed: title !== "FOR" && title !== "MAY",
      share: title === "MAY" ? 2 : 1,
    }));
    const rows = answer.invites.map((link) => [
      [shown(link.inviteId)],
      [kindWords(link)],
      [link.name === undefined ? "-" : shown(link.name)],
      [accessWords(link)],
      [`${link.usedBy.length} of ${link.uses}`],
      [`in ${spanWords(link.expiresAtMs - io.now())}`],
    ]);
    for (const line of table({ columns, rows, width: io.columns })) io.out(line);
    const [only] = answer.invites.length === 1 ? answer.invites : [];
    const id = only === undefined ? blank("LINK") : shown(only.inviteId);
    io.out(say`To revoke one: ${openclaw`devices invite revoke ${id}`}`);
  });
};

const SHORTEST_START = 4;

/** The link whose id begins with what was typed. */
async function wholeId(gateway: ReachedGateway, typed: string): Promise<string> {
  const start = typed.trim().toLowerCase();
  const { invites } = await gateway.request("device.pair.inviteList");
  const ids = invites.map(({ inviteId }) => inviteId);
  const found = ids.filter((id) => id.startsWith(start));
  const [only] = ids.includes(start) ? [start] : found;
  if (only !== undefined && start.length >= SHORTEST_START) {
    if (ids.includes(start) || found.length === 1) return only;
    const candidates = found.map((id) => shown(id)).join(", ");
    throw new CliError("failed", `${shown(typed)} fits several links: ${candidates}`, {
      next: "repeat the command with one of them",
    });
  }
  const message = `no open link fits ${shown(typed)}: it was used up, revoked, or expired, or that is no link's id`;
  throw new CliError("notFound", message, { next: openclaw`devices invite list` });
}

/**
 * `openclaw devices invite revoke <link>`: ends an open link, named by its id or the start of it.
 * @throws CliError (usage) without an id, (notFound) where none fits
 */
export const revokeLink: Run<unknown> = async (context, [typed]) => {
  if (typed === undefined) {
    throw new CliError("usage", "which link?", { next: openclaw`devices invite list` });
  }
  await withGateway(context, adminNeeds, async (gateway) => {
    const inviteId = await wholeId(gateway, typed);
    const gone = await gateway.request("device.pair.inviteRevoke", { inviteId });
    if (context.options.json) return printJson(context, gone);
    const { io } = context;
    io.out(`The ${kindWords(gone)} ${shown(gone.inviteId)} pairs nobody any more.`);
    if (gone.usedBy.length > 0) {
      io.out(say`  Devices it paired stay (${gone.usedBy.length}): ${openclaw`devices list`}`);
    }
    durabilityNote(context, gone);
  });
};
