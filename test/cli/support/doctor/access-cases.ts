import { expect } from "vitest";
import { type Case, clear, counts, down, info, inspection, settings, status, up } from "./cases.ts";

const never = "openclaw config set gateway.auth.devicelessCli never";

const shared = (keyUsedBy: string) => ({
  nodeId: "fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889",
  keyUsedBy,
  connections: 2,
  names: ["attic", "cellar"],
  addresses: ["10.0.0.1", "10.0.0.2"],
});

const phone = {
  protocol: 3,
  clientId: "openclaw-ios",
  version: "2026.3.13",
  platform: "iOS 26.1",
  displayName: "A's phone",
};

export const access: Case[] = [
  [
    "the exception by default",
    "auth.deviceless-cli",
    up({
      config: {
        devicelessCli: "loopback",
        ...settings({ auth: { mode: "token", devicelessCli: "auto" } }).config,
      },
    }),
    ["note", /"auto" and nothing outside/, never],
  ],
  [
    "the exception by choice",
    "auth.deviceless-cli",
    up({
      config: {
        devicelessCli: "loopback",
        ...settings({ auth: { mode: "token", devicelessCli: "loopback" } }).config,
      },
    }),
    ["note", /is "loopback"\.$/, never],
  ],
  [
    "the exception behind a proxy",
    "auth.deviceless-cli",
    up({
      config: {
        devicelessCli: "loopback",
        ...settings({
          auth: { mode: "token", devicelessCli: "loopback" },
          trustedProxies: ["127.0.0.1"],
        }).config,
      },
    }),
    ["warn", /although gateway\.trustedProxies is set/, never],
  ],
  [
    "no token while running",
    "auth.secret",
    up(info({ secrets: { token: false, password: true } })),
    ["note", /No shared token/, "openclaw token new"],
  ],
  [
    "no token while stopped",
    "auth.secret",
    down(inspection({ secrets: { token: false, password: true } })),
    ["note", /No shared token/, "openclaw token new"],
  ],
  [
    "a token in the configuration",
    "auth.secret",
    down({ ...inspection({ secrets: { token: false } }), config: { warnings: [clear] } }),
    ["ok", /is set/],
  ],
  [
    "no password",
    "auth.secret",
    up(settings({ auth: { mode: "password", devicelessCli: "never" } })),
    ["note", /No shared password/, "openclaw config set gateway.password -"],
  ],
  [
    "no device",
    "pairing.devices",
    down(inspection({ pairing: { ...counts, devices: 0 } })),
    ["note", /No device is paired/, "openclaw devices invite"],
  ],
  [
    "no device, but one asks",
    "pairing.devices",
    up(status({ pairing: { ...counts, devices: 0, pending: 1 } })),
    ["note", /No device is paired/, "openclaw devices list"],
  ],
  [
    "one who waits",
    "pairing.requests",
    up(status({ pairing: { ...counts, pending: 1 } })),
    ["note", /1 device waits/, "openclaw devices list"],
  ],
  [
    "unused links",
    "pairing.invites",
    up(status({ pairing: { ...counts, invites: 2 } })),
    ["note", /2 one-time links not used/, "openclaw devices invite list"],
  ],
  [
    "a copied key",
    "nodes.shared-keys",
    up(status({ nodes: { sharedKeys: [shared("programs"), shared("machines")] } })),
    [
      "warn",
      /^“attic” and “cellar” \(fe812c12f3ab\) at 10\.0\.0\.1 and 10\.0\.0\.2: two machines use one node's key/,
      "openclaw devices invite --role node (and with its link, on the machine that is the copy: openclaw connect - --new-key, or for a service sudo openclaw connect - --new-key --install-service)",
    ],
  ],
  [
    "a key that two programs use",
    "nodes.shared-keys",
    up(status({ nodes: { sharedKeys: [shared("programs")] } })),
    [
      "note",
      /two programs use one node's key/,
      "sudo systemctl stop openclaw-node (on that machine, where one of them is its service; one in a terminal ends with Ctrl-C)",
    ],
  ],
  [
    "no key that is used twice",
    "nodes.shared-keys",
    up(status({ nodes: { sharedKeys: [] } })),
    ["ok", /No node's key is used twice/],
  ],
  [
    "clients that all speak the newest protocol",
    "clients.protocol",
    up(status({ olderClients: [] })),
    ["ok", /^No client .* speaks an old protocol\.$/],
  ],
  [
    "a client that speaks an old one",
    "clients.protocol",
    up(status({ olderClients: [phone] })),
    [
      "note",
      /^1 client .* speaks protocol 3, .*: openclaw-ios 2026\.3\.13 on iOS 26\.1, “A's phone”\.$/,
      "openclaw devices list (has their devices; update the programs there)",
    ],
  ],
  [
    "many of them: the newest by name",
    "clients.protocol",
    up(
      status({
        olderClients: ["1", "2", "3", "4", "5"].map((version) => ({
          protocol: 3,
          clientId: "cli",
          version,
        })),
      }),
    ),
    [
      "note",
      /^5 clients .* speak protocol 3, .*: cli 5; cli 4; cli 3 and 2 more\.$/,
      expect.any(String),
    ],
  ],
  [
    "a name that is hostile",
    "clients.protocol",
    up(status({ olderClients: [{ ...phone, displayName: "a\u202e\u0007”b" }] })),
    ["note", /, “a"b”\.$/, expect.any(String)],
  ],
];
