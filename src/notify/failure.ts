import { EgressRefused } from "../lib/egress.ts";
import type { PostAnswer } from "../lib/http-post.ts";
import { retryAfterMs } from "../lib/retry-after.ts";
import { SemaphoreFull } from "../lib/semaphore.ts";
import { systemWords } from "../lib/system-words.ts";
import { cleanText } from "../lib/text.ts";
import { type Command, openclaw, shell } from "../protocol/command.ts";
import type { Text } from "../protocol/text.ts";
import { egressRefusal } from "../words/egress.ts";

/** Every way a message can fail to arrive, by code. Codes are stable; the sentences are not. */
export const notifyCodes = {
  NOTIFY_NOT_SET: "no webhook is configured",
  NOTIFY_FILE: "the file with the URL or the headers can't be read, or holds something else",
  NOTIFY_EGRESS: "the webhook's address is in a network that this gateway may not connect to",
  NOTIFY_NAME: "the name of the webhook's host leads to no address",
  NOTIFY_CONNECT: "nothing answers there, or the connection broke",
  NOTIFY_TLS: "the host's certificate is not trusted",
  NOTIFY_TIMEOUT: "no answer in time",
  NOTIFY_STATUS: "the answer was another one than 2xx",
} as const;

export type NotifyCode = keyof typeof notifyCodes;

/**
 * A message that did not arrive. `message` and `next` are for people; of the URL they hold scheme, host
 * and port alone, because the rest may be a secret.
 */
export class NotifyFailure extends Error {
  override readonly name = "NotifyFailure";
  /** What to do next: the exact command. */
  readonly next: Text;
  /** Whether the same may succeed a moment later. */
  readonly retry: boolean;
  readonly retryAfterMs?: number;
  /** HTTP status of the answer, where there was one. */
  readonly status?: number;

  constructor(
    readonly code: NotifyCode,
    message: string,
    more: { next: Text; retry?: boolean; retryAfterMs?: number | undefined; status?: number },
  ) {
    super(message);
    this.next = more.next;
    this.retry = more.retry ?? false;
    if (more.retryAfterMs !== undefined) this.retryAfterMs = more.retryAfterMs;
    if (more.status !== undefined) this.status = more.status;
  }
}

const SET_URL = openclaw`config set notify.webhook.url https://ntfy.example.com/gateway`;

export function notSet(): NotifyFailure {
  return new NotifyFailure("NOTIFY_NOT_SET", "no webhook is configured", {
    next: SET_URL,
  });
}

const NAME = /^(ENOTFOUND|EAI_|ENODATA)/;
const TLS =
  /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO$)/;

/** Where a message goes to, and what is allowed besides public addresses. */
interface Towards {
  readonly url: URL;
  readonly allowed: readonly string[];
}

/** Why a request got no answer. */
export function failureOf(error: unknown, { url, allowed }: Towards): NotifyFailure {
  const { origin, hostname } = url;
  if (error instanceof EgressRefused) {
    const { message, next = openclaw`config get notify.webhook` } = egressRefusal(error, {
      host: origin,
      allowed,
    });
    return new NotifyFailure("NOTIFY_EGRESS", message, { next });
  }
  const { code = "", message } = error as NodeJS.ErrnoException;
  // With several addresses Node.js has no message of its own.
  const why = systemWords(error) ?? cleanText(message, 160) ?? (code || "no reason given");
  if (error instanceof SemaphoreFull || NAME.test(code)) {
    const slow =
      error instanceof SemaphoreFull ? "earlier lookups still run" : (systemWords(error) ?? code);
    return new NotifyFailure("NOTIFY_NAME", `the name ${hostname} leads nowhere: ${slow}`, {
      next: shell`getent ahosts ${hostname}`,
      retry: true,
    });
  }
  const look = shell`curl -sSo /dev/null ${origin}`;
  if (code === "ETIMEDOUT") {
    const next = shell`curl -m 10 -sSo /dev/null ${origin}`;
    return new NotifyFailure("NOTIFY_TIMEOUT", `${origin}: ${cleanText(message, 160) ?? why}`, {
      next,
      retry: true,
    });
  }
  if (TLS.test(code)) return new NotifyFailure("NOTIFY_TLS", `${origin}: ${why}`, { next: look });
  return new NotifyFailure("NOTIFY_CONNECT", `${origin}: ${why}`, { next: look, retry: true });
}

/** The settings behind a failed delivery, for naming the one to change. */
export interface FailureSettings {
  readonly urlFile?: string | undefined;
  readonly headersFile?: string | undefined;
  readonly format: string;
}

/** Why an answer is none that was hoped for. `now`: wall clock, for a `Retry-After` with a date. */
export function statusFailure(
  { status, headers }: PostAnswer,
  towards: { origin: string; settings: FailureSettings; now: number },
): NotifyFailure {
  const { origin, settings, now } = towards;
  const retry = status === 429 || status >= 500;
  const [why, next] = statusWords(status, settings);
  const redirect = status >= 300 && status < 400 ? redirectWords(headers.location) : "";
  return new NotifyFailure("NOTIFY_STATUS", `${origin} answered ${status}: ${why}${redirect}`, {
    next,
    retry,
    status,
    retryAfterMs: retry ? retryAfterMs(headers["retry-after"], now) : undefined,
  });
}

/** A `Location` may carry what the URL does, so of it too only the host is told. */
function redirectWords(location: string | undefined): string {
  if (location === undefined || !URL.canParse(location)) return "";
  return `; it leads to ${cleanText(new URL(location).origin, 120) ?? "nowhere"}`;
}

function statusWords(
  status: number,
  settings: FailureSettings,
): readonly [why: string, next: Command] {
  const { urlFile, headersFile, format } = settings;
  const setUrl = urlFile ? edit(urlFile) : SET_URL;
  if (status < 200 || (status >= 300 && status < 400)) {
    return ["redirects are not followed; name the address itself", setUrl];
  }
  if (status === 401 || status === 403) {
    const set = openclaw`config set notify.webhook.headersFile /etc/openclaw-gateway/webhook-headers`;
    return ["it wants other credentials", headersFile ? edit(headersFile) : set];
  }
  if (status === 404 || status === 410) return ["there is no such webhook", setUrl];
  if (status === 429) return ["too many messages came to it", openclaw`notify test`];
  if (status >= 500) return ["it has a fault of its own", openclaw`notify test`];
  return [
    `it does not take what it was sent (format ${format})`,
    openclaw`config set notify.webhook.format ${format === "json" ? "text" : "json"}`,
  ];
}

/** The command that opens a file of the webhook's. */
export function edit(path: string): Command {
  return shell`\${EDITOR:-nano} ${path}`;
}
