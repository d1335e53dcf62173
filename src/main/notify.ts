import type { Gateway, GatewayLog } from "../gateway/gateway.ts";
import { HttpPost } from "../lib/http-post.ts";
import { NameLookup } from "../lib/name-lookup.ts";
import { sourceKey } from "../lib/net.ts";
import { readSmallFile } from "../lib/small-file.ts";
import type { NodesListener } from "../nodes/nodes.ts";
import { Delivery } from "../notify/delivery.ts";
import { composeNotice, type Sender, testNotice } from "../notify/notice.ts";
import { Notifier } from "../notify/notifier.ts";
import type { WebhookSettings } from "../notify/target.ts";
import type { PairingListener } from "../pairing/pairing.ts";
import { publicCommand } from "../words/command.ts";
import { deviceAsking, nodeAsking } from "./asking.ts";
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
    core.pairing.listen(deviceRequests(core, notify)),
    core.nodes.listen(nodeRequests(core, notify)),
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

function deviceRequests(core: Core, notify: Notifier): PairingListener {
  return {
    requested: (pending) => {
      const { requestId, source } = pending;
      const { durable } = core.documents.pairing;
      // A retry may have made it last longer since.
      const tell = () => deviceAsking(core, durable.pending.get(requestId) ?? pending);
      notify.asked({ requestId, source, tell });
    },
    resolved: ({ requestId }, why) =>
      notify.gone(requestId, why === "expired" || why === "evicted"),
  };
}

function nodeRequests(core: Core, notify: Notifier): NodesListener {
  return {
    requested: (request) => {
      const { requestId, nodeId, remoteIp } = request;
      const source = remoteIp === undefined ? `node:${nodeId}` : sourceKey(remoteIp);
      notify.asked({ requestId, source, tell: () => nodeAsking(core, request) });
    },
    resolved: ({ requestId }, why) => notify.gone(requestId, why === "evicted"),
  };
}
