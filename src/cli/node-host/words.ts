import { CODE, commandText, openclaw } from "../../protocol/command.ts";
import { commandsIn, onGateway, partsOf, plainText, say, type Text } from "../../protocol/text.ts";
import { shown, shownText } from "../kit/words.ts";

/** What happens to a node host, as its log or terminal tells it. */
export type HostEvent =
  | { readonly event: "connecting"; readonly url: string }
  | { readonly event: "unreachable"; readonly message: string; readonly next?: Text }
  | { readonly event: "waiting"; readonly requestId: string; readonly fingerprint: string }
  | { readonly event: "connected"; readonly gateway: string; readonly commands: readonly string[] }
  | { readonly event: "commands-waiting"; readonly requestId?: string }
  | { readonly event: "commands-approved" }
  | { readonly event: "commands-rejected" }
  | { readonly event: "standby" }
  | { readonly event: "disconnected"; readonly reason: string }
  | { readonly event: "unpaired" }
  | { readonly event: "note"; readonly message: Text };

/** What people read of it. `name` is what this machine calls itself; texts come from elsewhere. */
export function eventLines(event: HostEvent, key: string): Text[] {
  switch (event.event) {
    case "connecting":
      return [`Connecting to ${shown(event.url, 200)}, as the key ${key}`];
    case "unreachable":
      return [
        `${shown(event.message, 300)}; trying again`,
        ...(event.next === undefined ? [] : [say`  next: ${onOneLine(event.next, 300)}`]),
      ];
    case "waiting":
      return [
        `Waits for approval. The code is ${shown(event.requestId)}`,
        say`  ${onGateway(openclaw`devices approve ${shown(event.requestId)}`)}`,
        `  The gateway's key is ${shown(event.fingerprint)}`,
      ];
    case "connected":
      return [`Connected to ${shown(event.gateway, 200)}. Offers ${event.commands.join(", ")}`];
    case "commands-waiting":
      return [
        "Its commands wait for approval",
        say`  ${onGateway(openclaw`nodes approve ${codeOf(event.requestId)}`)}`,
      ];
    case "commands-approved":
      return ["Its commands are approved; it answers now"];
    case "commands-rejected":
      return ["What it offers was rejected; it stays connected with what was approved before"];
    case "standby":
      return [
        "Another program with this machine's key serves now; this one stands by, and takes over when that ends",
      ];
    case "disconnected":
      return [`Connection lost (${shown(event.reason, 200)}); connects again`];
    case "unpaired":
      return ["The gateway no longer knows this machine's token; asks to be paired again"];
    default:
      return [onOneLine(event.message, 1_000)];
  }
}

/** A text on one line, each of its words cut: some of it may come from elsewhere. */
function onOneLine(text: Text, max: number): Text {
  return partsOf(shownText(text)).map((part) =>
    typeof part === "string" ? part.replaceAll("\n", " ").slice(0, max) : part,
  );
}

/** What a program reads of it: texts as strings, and what a note tells people to type as `next`. */
export function eventFacts(event: HostEvent): object {
  if (event.event === "unreachable" && event.next !== undefined) {
    return { ...event, next: plainText(event.next) };
  }
  if (event.event !== "note") return event;
  const [next] = commandsIn(event.message);
  const message = plainText(event.message);
  return { ...event, message, ...(next && { next: commandText(next) }) };
}

function codeOf(requestId: string | undefined) {
  return requestId === undefined ? CODE : shown(requestId);
}
