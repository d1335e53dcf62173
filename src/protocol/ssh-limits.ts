import type { Limit } from "./limits.ts";

const KiB = 1024;
const SECOND = 1000;

/** The limits of approval over SSH: a part of the table in limits.ts. */
export const sshLimitTable = {
  sshKeys: {
    value: 256,
    unit: "count",
    bounds: "keys that may approve over SSH",
    past: "`ssh add` is refused until one is removed",
    metric: "-",
    test: "pairing/ssh-keys.test.ts",
  },
  sshKeyChars: {
    value: 16 * KiB,
    unit: "count",
    bounds: "characters of such a key as it is given; an RSA key of 16,384 bits has 2,792",
    past: "`ssh add` is refused",
    metric: "-",
    test: "pairing/ssh-public-key.test.ts",
  },
  sshKeyNetworks: {
    value: 32,
    unit: "count",
    bounds: "networks that one such key may come from",
    past: "`ssh add` is refused",
    metric: "-",
    test: "pairing/ssh.test.ts",
  },
  sshNetworkChars: {
    value: 64,
    unit: "count",
    bounds: "characters of one such network",
    past: "`ssh add` is refused",
    metric: "-",
    test: "pairing/ssh.test.ts",
  },
  sshKeyMinMs: {
    value: SECOND,
    unit: "ms",
    bounds: "shortest life of such a key, where it has an end",
    past: "refused by `ssh add`",
    metric: "-",
    test: "pairing/ssh-keys.test.ts",
  },
  sshKeyMaxMs: {
    value: 3650 * 24 * 60 * 60 * SECOND,
    unit: "ms",
    bounds: "longest life of such a key, where it has an end",
    past: "refused by `ssh add`",
    metric: "-",
    test: "pairing/ssh-keys.test.ts",
  },
  sshWayInMs: {
    value: 24 * 60 * 60 * SECOND,
    unit: "ms",
    bounds: "life that a key must have left to count as a way in with full control",
    past: "it counts as none: the last device with full control can't be ended because of it",
    metric: "-",
    test: "pairing/ssh.test.ts",
  },
  approveConnections: {
    value: 32,
    unit: "count",
    bounds: "connections on the approve socket",
    past: "the next one is closed with `too many approve connections`",
    metric: "approve-refused",
    test: "transport/local-socket.test.ts",
  },
  approveFrameBytes: {
    value: 4 * KiB,
    unit: "bytes",
    bounds: "one frame on the approve socket",
    past: "that connection is closed with `frame too large`",
    metric: "approve-refused",
    test: "transport/local-socket.test.ts",
  },
  approveIdleMs: {
    value: 10 * SECOND,
    unit: "ms",
    bounds: "silence of a connection on the approve socket",
    past: "that connection is dropped",
    metric: "-",
    test: "transport/local-socket.test.ts",
  },
  sshListRows: {
    value: 10,
    unit: "count",
    bounds: "requests that `list` over SSH shows, the newest first",
    past: "the answer says how many others wait",
    metric: "-",
    test: "methods/approver.test.ts",
  },
  sshPatienceMs: {
    value: 8 * SECOND,
    unit: "ms",
    bounds:
      "an approver's command waiting for the gateway: longer than the disk of a small VPS takes for a commit, shorter than a person waits",
    past: "it ends with exit code 3, and says whether the gateway was asked",
    metric: "-",
    test: "cli/ssh/answer.test.ts",
  },
  sshAnswerBytes: {
    value: 256 * KiB,
    unit: "bytes",
    bounds: "what an approver's command reads of an answer",
    past: "it reads no further, and ends as if nothing had come",
    metric: "-",
    test: "cli/ssh/answer.test.ts",
  },
} as const satisfies Record<string, Limit>;
