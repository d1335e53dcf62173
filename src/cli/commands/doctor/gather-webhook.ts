import { lookup } from "node:dns/promises";
import { stat } from "node:fs/promises";
import { isIP } from "node:net";
import type { GatewayConfig } from "../../../config/schema.ts";
import { firstLine, readSmallFile } from "../../../lib/small-file.ts";
import { notifyLimitTable } from "../../../limits/notify.ts";
import type { WebhookFacts, WebhookFile } from "./facts.ts";
import { fileFacts } from "./gather-state.ts";

/** Milliseconds: a name server that is silent must not keep the doctor. */
const LOOKUP_MS = 2000;

/** What can be known of the webhook without sending anything; `undefined` where none is set. */
export async function gatherWebhook(
  settings: GatewayConfig | undefined,
): Promise<WebhookFacts | undefined> {
  // A gateway of an older version knows neither.
  const webhook = settings?.notify?.webhook;
  if (!webhook || (webhook.url === undefined && webhook.urlFile === undefined)) return undefined;
  const files = await Promise.all(
    (["urlFile", "headersFile"] as const).flatMap((name) => {
      const path = webhook[name];
      return path === undefined ? [] : [look(`notify.webhook.${name}`, path)];
    }),
  );
  const url = webhook.urlFile === undefined ? webhook.url : await urlIn(webhook.urlFile);
  const egress = settings?.gateway.egress ?? [];
  if (url === undefined || !URL.canParse(url)) return { files, egress };
  const { origin, hostname } = new URL(url);
  return { files, egress, to: origin, addresses: await addressesOf(hostname) };
}

async function look(key: string, path: string): Promise<WebhookFile> {
  try {
    const found = await stat(path);
    return { key, path, found: { ...fileFacts(found), isFile: found.isFile() } };
  } catch (error) {
    return { key, path, missing: (error as NodeJS.ErrnoException).code === "ENOENT" };
  }
}

/** The webhook's URL in a file; `undefined` where the file may not be read. */
async function urlIn(path: string): Promise<string | undefined> {
  const { value } = notifyLimitTable.notifyFileBytes;
  return readSmallFile(path, value).then(firstLine, () => undefined);
}

async function addressesOf(hostname: string): Promise<string[] | undefined> {
  const literal = hostname.replace(/^\[|\]$/g, "");
  if (isIP(literal) !== 0) return [literal];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, LOOKUP_MS, undefined);
  });
  const found = lookup(hostname, { all: true }).then(
    (all) => all.map(({ address }) => address),
    () => undefined,
  );
  const first = await Promise.race([found, late]);
  clearTimeout(timer);
  return first;
}
