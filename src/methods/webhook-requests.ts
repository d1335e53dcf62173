import type { ConfigStore } from "../config/service.ts";
import type { Notifier } from "../notify/notifier.ts";
import type { Requests } from "../pairing/requests.ts";
import { type ApprovalRequest, sourceOf } from "../requests/records.ts";
import { type AskingView, askingOf } from "./asking.ts";

interface Deps extends AskingView {
  readonly config: Pick<ConfigStore, "listen">;
  readonly requests: Pick<Requests, "isThere" | "listen">;
  /** A request as it is stored now: a retry may have made it last longer. */
  readonly stored: (requestId: string) => ApprovalRequest | undefined;
}

/** Tells the webhook of every new request, and of other settings. Returns how to stop, at once. */
export function followRequests(deps: Deps, notify: Notifier): () => void {
  const stops = [
    deps.requests.listen((event) => {
      const { requestId } = event.request;
      if (event.name === "resolved") {
        notify.gone(requestId, event.why === "expired" || event.why === "evicted");
        return;
      }
      const tell = () => askingOf(deps.stored(requestId) ?? event.request, deps);
      const isThere = () => deps.requests.isThere(deps.stored(requestId) ?? event.request);
      notify.asked({ requestId, source: sourceOf(event.request), isThere, tell });
    }),
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
