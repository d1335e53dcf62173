import { openclaw } from "../protocol/command.ts";
import { type RequestError, unavailable } from "../protocol/errors.ts";
import { onGateway } from "../protocol/text.ts";

/** The refusal of a request where too many ask. A link needs no request, so it helps at once. */
export function pairingBusy(retryAfterMs: number): RequestError {
  const next = onGateway(openclaw`devices invite`);
  const details = { code: "PAIRING_BUSY", next };
  return unavailable("too many pairing requests; retry later", retryAfterMs, details);
}
