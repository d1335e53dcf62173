import { shown } from "../kit/words.ts";

/** What happens to a node host, as its log or terminal tells it. */
export type HostEvent =
  | { readonly event: "connecting"; readonly url: string }
  | { readonly event: "unreachable"; readonly message: string; readonly next?: string }
  | { readonly event: "waiting"; readonly requestId: string; readonly fingerprint: string }
  | { readonly event: "connected"; readonly gateway: string; readonly commands: readonly string[] }
  | { readonly event: "commands-waiting"; readonly requestId?: string }
  | { readonly event: "commands-approved" }
  | { readonly event: "commands-rejected" }
  | { readonly event: "disconnected"; readonly reason: string }
  | { readonly event: "unpaired" }
  | { readonly event: "note"; readonly message: string };

/** What people read of it. `name` is what this machine calls itself; texts come from elsewhere. */
export function eventLines(event: HostEvent, key: string): string[] {
  switch (event.event) {
    case "connecting":
      return [`Connecting to ${shown(event.url, 200)}, as the key ${key}`];
    case "unreachable":
      return [
        `${shown(event.message, 300)}; trying again`,
        ...(event.next === undefined ? [] : [`  next: ${shown(event.next, 300)}`]),
      ];
    case "waiting":
      return [
        `Waits for approval. The code is ${shown(event.requestId)}`,
        `  on the gateway host: openclaw devices approve ${shown(event.requestId)}`,
        `  The gateway's key is ${shown(event.fingerprint)}`,
      ];
    case "connected":
      return [`Connected to ${shown(event.gateway, 200)}. Offers ${event.commands.join(", ")}`];
    case "commands-waiting":
      return [
        "Its commands wait for approval",
        `  on the gateway host: openclaw nodes approve ${shown(event.requestId ?? "CODE")}`,
      ];
    case "commands-approved":
      return ["Its commands are approved; it answers now"];
    case "commands-rejected":
      return ["What it offers was rejected; it stays connected with what was approved before"];
    case "disconnected":
      return [`Connection lost (${shown(event.reason, 200)}); connects again`];
    case "unpaired":
      return ["The gateway no longer knows this machine's token; asks to be paired again"];
    default:
      return [shown(event.message, 1_000)];
  }
}
