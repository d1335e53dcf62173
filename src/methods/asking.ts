import { cleanText } from "../lib/text.ts";
import type { Limits } from "../limits/table.ts";
import type { Asking } from "../notify/asking.ts";
import { type ApprovalRequest, askerOf } from "../requests/records.ts";
import { grantedIn } from "../words/capabilities.ts";
import { clientKind, deviceName } from "../words/device.ts";
import { keyWords } from "../words/key.ts";
import { askWords } from "../words/request-kinds.ts";
import { requestRow } from "./requests.ts";
import type { Services } from "./services.ts";

/** Where the facts about a device or node that asks come from. */
export interface AskingView extends Pick<Services, "nodes" | "pairing"> {
  readonly limits: Pick<Limits, "scopeChars">;
}

/** A request as the webhook tells it. */
export function askingOf(request: ApprovalRequest, view: AskingView): Asking {
  const { kind, requestId, ts, remoteIp } = request;
  const deviceId = askerOf(request);
  const device = view.pairing.device(deviceId);
  return {
    kind,
    requestId,
    name: device?.label ?? deviceName({ ...request, deviceId }),
    client: clientKind(request),
    address: remoteIp,
    deviceId,
    key: keyWords(deviceId),
    ...asked(request, view.limits.scopeChars),
    ...askWords(requestRow(request, view)),
    known: kind === "node" || device !== undefined,
    askedAtMs: ts,
    ...(request.kind === "device" && { expiresAtMs: request.expiresAtMs }),
  };
}

type Asked = Pick<Asking, "roles" | "scopes" | "commands" | "caps" | "permissions">;

/** What is asked for, by name. */
function asked(request: ApprovalRequest, scopeChars: number): Asked {
  if (request.kind === "device") {
    const scopes = request.scopes.map((scope) => cleanText(scope, scopeChars) ?? "-");
    return { roles: request.roles, scopes };
  }
  const { commands, caps, permissions } = request;
  return { roles: ["node"], scopes: [], commands, caps, permissions: grantedIn(permissions) };
}
