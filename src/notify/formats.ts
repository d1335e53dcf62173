import type { Notice } from "./notice.ts";

/** The shapes in which receivers read messages. */
export const formats = ["json", "text", "slack"] as const;
export type Format = (typeof formats)[number];

/** A request's body with the headers that belong to it. */
export interface Rendered {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_TYPE = { "content-type": "application/json" };

/** A message in the shape of its receiver. */
export const render: Readonly<Record<Format, (notice: Notice) => Rendered>> = {
  /** For programs: every fact, and `title`, `body` and `type` as Apprise and mail bridges read them. */
  json: (notice) => ({
    headers: JSON_TYPE,
    body: JSON.stringify({
      event: notice.event,
      type: "info",
      title: notice.title,
      body: notice.body,
      gateway: { name: notice.sender.name, fingerprint: notice.sender.fingerprint },
      requests: notice.requests,
      more: notice.more,
      sentAtMs: notice.sentAtMs,
    }),
  }),
  /** For ntfy: the body is the message, its title and icon are headers. */
  text: ({ title, body }) => ({
    headers: { "content-type": "text/plain; charset=utf-8", title, tags: "key" },
    body,
  }),
  /** For Slack, Mattermost and Discord (`/slack`): nothing in a block of code is markup or a mention. */
  slack: ({ title, body }) => ({
    headers: JSON_TYPE,
    body: JSON.stringify({ text: escaped(`${title}\n\`\`\`\n${body}\n\`\`\``) }),
  }),
};

/** Slack's own three characters; the texts of clients hold none of them any more. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
