import type { Gateway, GatewayLog } from "../gateway/gateway.ts";
import { HttpPost } from "../lib/http-post.ts";
import { NameLookup } from "../lib/name-lookup.ts";
import { readSmallFile } from "../lib/small-file.ts";
import { askingOf } from "../methods/asking.ts";
import { Delivery } from "../notify/delivery.ts";
import { composeNotice, type Sender, testNotice } from "../notify/notice.ts";
import { Notifier } from "../notify/notifier.ts";
import type { WebhookSettings } from "../notify/target.ts";
import type { RequestEvent } from "../requests/part.ts";
import { sourceOf } from "../requests/records.ts";
import { publicCommand } from "../words/command.ts";
import type { Core } from "./core.ts";

/** The webhook of an open core. Nothing is loaded or looked up before there is something to tell. */
export function makeNotifier(
  core: Core,
  { gateway, log }: { gateway: Gateway; log: GatewayLog },
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
    count: (metric) => gateway.count(metric),
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

/** Tells the webhook of every new request, and of other settings. Returns how to stop, at once. */
export function followRequests(core: Core, notify: Notifier): () => void {
  const stops = [
    core.pairing.requests.listen(tellOf(core, notify)),
    core.config.listen((changed) => {
      const ours = ({ path }: { path: string }) =>
        path.startsWith("notify.") || path === "gateway.egress";
      if (changed.some(ours)) notify.settingsChanged();
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    notify.close();
  };
}

function tellOf(core: Core, notify: Notifier): (event: RequestEvent) => void {
  return (event) => {
    const { requestId } = event.request;
    if (event.name === "resolved") {
      notify.gone(requestId, event.why === "expired" || event.why === "evicted");
      return;
    }
    const { durable } = core.documents.requests;
    // A retry may have made it last longer since.
    const now = () => durable.requests.get(requestId) ?? event.request;
    notify.asked({
      requestId,
      source: sourceOf(event.request),
      tell: () => askingOf(now(), core),
    });
  };
}
