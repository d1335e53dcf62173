import { editCommand } from "../../../../src/config/errors.ts";
import { plainText } from "../../../../src/protocol/text.ts";
import { type Case, clear, configFile, down, info, issue, settings, up } from "./cases.ts";
import { CONFIG, running, STATE } from "./facts.ts";

const EDIT = plainText(editCommand(CONFIG, 3));
const validate = "openclaw config validate";
const origins = "gateway.controlUi.allowedOrigins";

export const config: Case[] = [
  [
    "one error",
    "config.file",
    up({ config: { errors: [issue("CONFIG_VALUE", "gateway.port", "found many")] } }),
    ["fail", /line 3 has an error: found many/, EDIT],
  ],
  [
    "two errors",
    "config.file",
    up({
      config: {
        errors: [
          issue("CONFIG_VALUE", "gateway.port", "found many"),
          issue("CONFIG_VALUE", "gateway.bind", "found some"),
        ],
      },
    }),
    ["fail", /and 1 more/, validate],
  ],
  [
    "a file that this user may not read while the gateway runs",
    "config.file",
    up({
      config: { errors: [issue("CONFIG_READ", "", "EACCES")] },
      machine: { uid: 1000 },
    }),
    [
      "note",
      /can't be read by user 1000/,
      "sudo env OPENCLAW_STATE_DIR=/var/lib/openclaw-gateway openclaw doctor",
    ],
  ],
  [
    "a file that this user may not read",
    "config.file",
    down({ config: { errors: [issue("CONFIG_READ", "", "EACCES")] }, machine: { uid: 1000 } }),
    [
      "fail",
      /can't be read by user 1000/,
      "sudo env OPENCLAW_STATE_DIR=/var/lib/openclaw-gateway openclaw doctor",
    ],
  ],
  [
    "plain text to everybody by a flag",
    "config.exposure",
    up({
      ...info({ listening: ["http://0.0.0.0:18789"] }),
      config: { bindByFlag: true },
    }),
    ["warn", /without encryption/, "openclaw gateway stop && openclaw gateway run"],
  ],
  ["no file", "config.file", up({ config: { exists: false } }), ["ok", /defaults are in force/]],
  [
    "a mistyped key",
    "config.keys",
    up({
      config: {
        warnings: [
          { ...issue("CONFIG_UNKNOWN_KEY", "x", "x is no key; did you mean y?"), nearest: "y" },
        ],
      },
    }),
    ["warn", /did you mean y/, EDIT],
  ],
  [
    "keys of another program",
    "config.keys",
    up({ config: { warnings: [issue("CONFIG_UNKNOWN_KEY", "x", "keys not used: x")] } }),
    ["note", /keys not used/, EDIT],
  ],
  [
    "a secret in clear",
    "config.secrets",
    up({ config: { warnings: [clear] } }),
    ["warn", /gateway\.auth\.token stands .* in clear/, "openclaw config migrate-secrets"],
  ],
  [
    "a secret in clear that others can read",
    "config.access",
    up({ config: { warnings: [clear], file: { ...running().config.file, mode: 0o644 } } }),
    ["fail", /Other users can read/, `chmod 600 ${CONFIG}`],
  ],
  [
    "a file without secrets that others can read",
    "config.access",
    up(configFile({ mode: 0o644 })),
    ["ok", /Only its owner/],
  ],
  [
    "a file that others can write",
    "config.access",
    up({ ...configFile({ mode: 0o660 }), machine: { uid: 1000 } }),
    ["fail", /can write/, `sudo chmod go-w ${CONFIG}`],
  ],
  [
    "a file of somebody else",
    "config.access",
    up(configFile({ uid: 1000 })),
    ["fail", /belongs to user 1000/, `chown --reference=${STATE} ${CONFIG}`],
  ],
  [
    "a file that the gateway may not read",
    "config.access",
    up(configFile({ uid: 0, gid: 0 })),
    ["fail", /user 990 may not read/, `chown --reference=${STATE} ${CONFIG}`],
  ],
  [
    "a file of root's that the gateway's group reads",
    "config.access",
    up(configFile({ uid: 0, mode: 0o640 })),
    ["ok", /Only its owner/],
  ],
  [
    "plain text to everybody",
    "config.exposure",
    up(info({ listening: ["http://0.0.0.0:18789"] })),
    ["warn", /0\.0\.0\.0:18789 without encryption/, "openclaw config set gateway.bind loopback"],
  ],
  [
    "plain text to everybody at the next start",
    "config.exposure",
    down(settings({ bind: "lan" })),
    ["warn", /every interface/, "openclaw config set gateway.bind loopback"],
  ],
  [
    "plain text to everybody with a plain public URL",
    "config.exposure",
    down(settings({ bind: "203.0.113.7", publicUrl: "http://gw.example.com" })),
    ["warn", /203\.0\.113\.7/, "openclaw config set gateway.bind loopback"],
  ],
  [
    "an open address behind an https URL",
    "config.exposure",
    down(settings({ bind: "lan", publicUrl: "https://gw.example.com" })),
    ["ok", /people reach it by https/],
  ],
  ["::1 alone", "config.exposure", down(settings({ bind: "::1" })), ["ok", /this machine only/]],
  [
    "a public URL without encryption",
    "config.public-url",
    up(settings({ publicUrl: "http://gw.example.com/" })),
    ["warn", /not encrypted/, "openclaw config set gateway.publicUrl https://gw.example.com"],
  ],
  [
    "a proxy's socket without a public URL",
    "config.public-url",
    up(settings({ socket: "/run/gw.sock" })),
    [
      "note",
      /gateway\.socket is set/,
      "openclaw config set gateway.publicUrl https://gateway.example.com",
    ],
  ],
  [
    "a proxy without a public URL, and the origin of another program's page",
    "config.public-url",
    up(
      settings({
        trustedProxies: ["10.0.0.1"],
        controlUi: { allowedOrigins: ["https://a.example.com"] },
      }),
    ),
    [
      "note",
      /gateway\.trustedProxies is set/,
      "openclaw config set gateway.publicUrl https://gateway.example.com",
    ],
  ],
  [
    "an encrypted public URL",
    "config.public-url",
    up(settings({ publicUrl: "https://gw.example.com" })),
    ["ok", /public URL is/],
  ],
  [
    "every origin",
    "config.origins",
    up(settings({ controlUi: { allowedOrigins: ["*"] } })),
    ["warn", /Any web page/, `openclaw config unset ${origins}`],
  ],
  [
    "the public URL's host with another scheme",
    "config.origins",
    up(
      settings({
        publicUrl: "https://gw.example.com",
        controlUi: { allowedOrigins: ["http://gw.example.com", "https://b.example.com"] },
      }),
    ),
    ["note", /same host in two ways/, `openclaw config set ${origins} '["https://b.example.com"]'`],
  ],
  [
    "an origin that stands for many, without a public URL",
    "config.public-url",
    up(
      settings({
        controlUi: { allowedOrigins: ["https://*.example.com"] },
        socket: "/run/gw.sock",
      }),
    ),
    [
      "note",
      /gateway\.socket is set/,
      "openclaw config set gateway.publicUrl https://gateway.example.com",
    ],
  ],
  [
    "the file that the gateway read",
    "config.in-force",
    up({ ...info({ configMark: "7-20-1" }), config: { mark: "7-20-1" } }),
    ["ok", /is what the gateway read/],
  ],
  [
    "another file than the gateway sees",
    "config.in-force",
    up({ ...info({ configMark: "7-20-1" }), config: { mark: "8-20-1" } }),
    ["fail", /does not see the \/etc\/openclaw-gateway\/openclaw\.json/, "openclaw config get"],
  ],
  [
    "a file whose errors keep it out of force",
    "config.in-force",
    up(
      info({
        configMark: "7-20-1",
        warnings: [],
        notes: [
          { code: "CONFIG_WATCH", message: "the file can't be watched" },
          {
            code: "CONFIG_NOT_IN_FORCE",
            message: "what it says is not in force: bad",
            next: ["edit x"],
          },
        ],
      }),
    ),
    ["fail", /^What it says is not in force: bad\.$/, "edit x"],
  ],
  [
    "a file that can't be watched",
    "config.in-force",
    up(info({ warnings: [], notes: [{ code: "CONFIG_WATCH", message: "it is compared" }] })),
    ["warn", /^It is compared\.$/, "openclaw gateway status"],
  ],
  [
    "a slip in the name of a node command",
    "config.node-commands",
    down({
      config: {
        warnings: [
          {
            ...issue(
              "CONFIG_UNKNOWN_COMMAND",
              "gateway.nodes.commands.deny",
              "no such; did you mean x?",
            ),
            nearest: "x",
          },
        ],
      },
    }),
    ["warn", /^In line 3 no such; did you mean x\?$/, EDIT],
  ],
  [
    "the command of another program's node",
    "config.node-commands",
    down({
      config: {
        warnings: [issue("CONFIG_UNKNOWN_COMMAND", "gateway.nodes.commands.deny", "no such")],
      },
    }),
    ["note", /^In line 3 no such\.$/, EDIT],
  ],
  [
    "a web app",
    "dashboard.root",
    up({ config: { webRoot: { folder: "/opt/ui", verdict: { ok: true, path: "/opt/ui" } } } }),
    ["ok", /web app in \/opt\/ui is served/],
  ],
  [
    "a web app that is gone",
    "dashboard.root",
    up({
      config: {
        webRoot: {
          folder: "/opt/ui",
          verdict: { ok: false, why: "missing", reason: "/opt/ui can't be opened: ENOENT" },
        },
      },
    }),
    ["warn", /No web app is served: .*ENOENT/, "openclaw config unset dashboard.root"],
  ],
  [
    "the state as a web app",
    "dashboard.root",
    down({
      config: {
        webRoot: {
          folder: "/var/lib",
          verdict: { ok: false, why: "private", reason: "/var/lib holds the gateway's state" },
        },
      },
    }),
    ["fail", /must not be served/, "openclaw config unset dashboard.root"],
  ],
];
