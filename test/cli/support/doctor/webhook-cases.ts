import type { WebhookFacts } from "../../../../src/cli/commands/doctor/facts.ts";
import { NOW } from "../io.ts";
import { type Case, down, status, up } from "./cases.ts";
import { OWNER } from "./facts.ts";

const path = "/etc/openclaw-gateway/webhook-url";
const key = "notify.webhook.urlFile";
const found = { mode: 0o640, uid: 0, gid: OWNER, mtimeMs: NOW, isFile: true };

const webhook = (more: Partial<WebhookFacts> = {}) => ({
  config: { webhook: { files: [], egress: [], to: "https://ntfy.example.com", ...more } },
});
const file = (more: object, machine: object = {}) => ({
  ...webhook({ files: [{ key, path, found: { ...found, ...more } }] }),
  machine,
});

const counts = { sent: 1, failed: 0, merged: 0, dropped: 0 };
const report = { configured: true, format: "json", waiting: 0, counts };
const last = { atMs: NOW - 60_000, ms: 5, to: "https://ntfy.example.com" };

export const webhooks: Case[] = [
  ["files as they should be", "notify.files", up(file({})), ["ok", /for the gateway alone/]],
  [
    "a file that is not there",
    "notify.files",
    up(webhook({ files: [{ key, path, missing: true }] })),
    ["warn", /urlFile names .*, which is not there/, `ls -lL ${path}`],
  ],
  [
    "a folder instead of a file",
    "notify.files",
    up(file({ isFile: false })),
    ["warn", /which is no file/, `ls -lLd ${path}`],
  ],
  [
    "a file of root's own",
    "notify.files",
    up(file({ mode: 0o600, gid: 0 })),
    ["warn", /user 990 may not read/, `chgrp 990 ${path} && chmod g+r ${path}`],
  ],
  [
    "a file of root's own, seen by somebody",
    "notify.files",
    up(file({ mode: 0o640, gid: 0 }, { uid: 1000 })),
    ["warn", /user 990 may not read/, `sudo chgrp 990 ${path} && sudo chmod g+r ${path}`],
  ],
  [
    "a file that everybody can read",
    "notify.files",
    up(file({ mode: 0o644 })),
    ["warn", /Every user of this machine can read/, `chmod o-r ${path}`],
  ],
  [
    "a public address",
    "notify.egress",
    down(webhook({ addresses: ["203.0.113.9"] })),
    ["ok", /may be connected to/],
  ],
  [
    "a private address that is allowed",
    "notify.egress",
    up(webhook({ addresses: ["fd00::1", "10.0.0.2"], egress: ["10.0.0.0/8"] })),
    ["ok", /may be connected to/],
  ],
  [
    "a private address that is not",
    "notify.egress",
    down(webhook({ addresses: ["10.0.0.2"], egress: ["::1"] })),
    [
      "warn",
      /leads to 10\.0\.0\.2, in a private network, and gateway\.egress does not allow that/,
      "openclaw config set gateway.egress ::1,10.0.0.2",
    ],
  ],
  [
    "an address that nobody may allow",
    "notify.egress",
    up(webhook({ addresses: ["169.254.169.254"], egress: ["0.0.0.0/0"] })),
    ["warn", /a cloud's metadata service: the gateway never/, "openclaw config get notify.webhook"],
  ],
  [
    "a webhook that was never tried",
    "notify.delivery",
    up(status({ notify: report })),
    ["note", /No message was sent/, "openclaw notify test"],
  ],
  [
    "a message that arrived",
    "notify.delivery",
    up(status({ notify: { ...report, last: { ...last, ok: true, status: 200 } } })),
    ["ok", /https:\/\/ntfy\.example\.com took a message 1 minute ago/],
  ],
  [
    "a message that did not",
    "notify.delivery",
    up(
      status({
        notify: { ...report, last: { ...last, ok: false, error: "answered 401", next: "edit x" } },
      }),
    ),
    ["warn", /did not arrive \(1 minute ago\): answered 401\.$/, "edit x"],
  ],
];
