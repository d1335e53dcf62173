import { createHash } from "node:crypto";

/** A comment, or an element whose text runs or styles; what stands in a comment does neither. */
const PARTS = /<!--[\s\S]*?-->|<(script|style)\b([^>]*)>([\s\S]*?)<\/\1\s*>/gi;

/**
 * The Content-Security-Policy of a web app's page: its own files, and of the text inside the page
 * exactly what stands there now, by hash. Style attributes are allowed because apps set sizes and
 * colours with them; they run nothing.
 */
export function policyFor(html: string): string {
  const parts = [...html.replace(/\r\n?/g, "\n").matchAll(PARTS)];
  const hashes = (element: string) =>
    parts
      .filter(([, name = "", attributes = ""]) => {
        return name.toLowerCase() === element && !/\ssrc\s*=/i.test(attributes);
      })
      .map(([, , , text = ""]) => hashOf(text));
  return [
    "default-src 'none'",
    ["script-src 'self'", ...hashes("script")].join(" "),
    ["style-src 'self'", ...hashes("style")].join(" "),
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self'",
    "manifest-src 'self'",
    "connect-src 'self' ws: wss: data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
