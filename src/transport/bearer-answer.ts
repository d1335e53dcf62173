import type { BearerVerdict } from "../gateway/bearer.ts";
import type { Headers } from "./answers.ts";

/** The secret of an `Authorization: Bearer`; empty where there is none. */
export function bearerOf(authorization: string): string {
  return /^bearer +(\S+)\s*$/i.exec(authorization)?.[1] ?? "";
}

/** With which status and headers a secret is refused; 401 where the same one stays wrong. */
export function bearerRefusal({ code, retryAfterMs }: Extract<BearerVerdict, { ok: false }>): {
  readonly status: string;
  readonly headers: Headers;
} {
  if (retryAfterMs === undefined) {
    const headers: Headers = [["www-authenticate", 'Bearer realm="openclaw"']];
    return { status: "401 Unauthorized", headers };
  }
  const status = code === "rate-limited" ? "429 Too Many Requests" : "503 Service Unavailable";
  return { status, headers: [["retry-after", String(Math.ceil(retryAfterMs / 1000))]] };
}
