import type { GatewayLog, Telemetry } from "../gateway/telemetry.ts";
import { HttpPost } from "../lib/http-post.ts";
import { NameLookup } from "../lib/name-lookup.ts";
import { readSmallFile } from "../lib/small-file.ts";
import { followRequests } from "../methods/webhook-requests.ts";
import { Delivery } from "../notify/delivery.ts";
import { composeNotice, type Sender, testNotice } from "../notify/notice.ts";
import { Notifier } from "../notify/notifier.ts";
import type { WebhookSettings } from "../notify/target.ts";
import { publicCommand } from "../words/command.ts";
import type { Core } from "./core.ts";

/** The webhook of an open core. Nothing is loaded or looked up before there is something to tell. */
export function makeNotifier(
  core: Core,
  { telemetry, log }: { telemetry: Telemetry; log: GatewayLog },
): Notifier {
  const { world, limits, pairing } = core;
  const names = new NameLookup({ atOnce: limits.lookupsAtOnce, queued: limits.lookupsQueued });
  const bounds = { timeoutMs: limits.notifyTimeoutMs, answerBytes: limits.notifyAnswerBytes };
  const http = new HttpPost({ world, names, limits: bounds });
  const delivery = new Delivery({
    world,
    limits,
    read: (path) => readSmallFile(path, limits.notifyFileBytes + 1),
    post: (request) => http.send(request),
    log,
  });
  const facts = () => ({ sender: senderOf(core), now: pairing.now(), limits });
  return new Notifier({
    world,
    limits,
    delivery,
    settings: () => settingsOf(core),
    compose: (batch) => composeNotice(batch, facts()),
    composeTest: () => testNotice(facts()),
    log,
    count: (metric) => telemetry.count(metric),
  });
}

function settingsOf({ config }: Core): WebhookSettings {
  const { notify, gateway } = config.current;
  const { url, urlFile, headersFile, format } = notify.webhook;
  return { url, urlFile, headersFile, format, egress: gateway.egress };
}

function senderOf({ config, secretStore, command }: Core): Sender {
  const { gateway } = config.current;
  const { fingerprint } = secretStore.identity;
  return { name: gateway.name, fingerprint, command: publicCommand(command), way: gateway };
}

/** Tells the webhook what happens on an open core. Returns how to stop, at once. */
export function feedNotifier(core: Core, notify: Notifier): () => void {
  const { pairing, nodes, config, limits } = core;
  const { requests } = pairing;
  const stored = (requestId: string) => core.documents.requests.durable.requests.get(requestId);
  return followRequests({ pairing, nodes, requests, config, limits, stored }, notify);
}
