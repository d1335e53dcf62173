import type { ConfigStore } from "../config/service.ts";
import { sourceKey } from "../lib/net.ts";
import type { NodesListener } from "../nodes/nodes.ts";
import type { Notifier } from "../notify/notifier.ts";
import type { PairingListener } from "../pairing/pairing.ts";
import type { Pending } from "../pairing/records.ts";
import { type AskingView, deviceAsking, nodeAsking } from "./asking.ts";

interface Deps extends AskingView {
  readonly config: Pick<ConfigStore, "listen">;
  /** A device's request as it is stored now: a retry may have made it last longer. */
  readonly pending: (requestId: string) => Pending | undefined;
}

/** Tells the webhook of every new request, and of other settings. Returns how to stop, at once. */
export function followRequests(deps: Deps, notify: Notifier): () => void {
  const stops = [
    deps.pairing.listen(deviceRequests(deps, notify)),
    deps.nodes.listen(nodeRequests(deps, notify)),
    deps.config.listen((changed) => {
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

function deviceRequests(deps: Deps, notify: Notifier): PairingListener {
  return {
    requested: (pending) => {
      const { requestId, source } = pending;
      const tell = () => deviceAsking(deps, deps.pending(requestId) ?? pending);
      notify.asked({ requestId, source, tell });
    },
    resolved: ({ requestId }, why) =>
      notify.gone(requestId, why === "expired" || why === "evicted"),
  };
}

function nodeRequests(deps: Deps, notify: Notifier): NodesListener {
  return {
    requested: (request) => {
      const { requestId, nodeId, remoteIp } = request;
      const source = remoteIp === undefined ? `node:${nodeId}` : sourceKey(remoteIp);
      notify.asked({ requestId, source, tell: () => nodeAsking(deps, request) });
    },
    resolved: ({ requestId }, why) => notify.gone(requestId, why === "evicted"),
  };
}
