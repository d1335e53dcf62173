import * as t from "../../protocol/typed-schema.ts";
import { strings } from "./devices.ts";

const connections = () => ({ operator: t.integer(), node: t.integer() });
const shared = () => ({ token: t.boolean(), password: t.boolean() });
const counts = () =>
  t.object({
    pending: t.integer(),
    devices: t.integer(),
    invites: t.integer(),
  });

/** Connections by role, and those that were not admitted yet. */
export const connectionCounts = () =>
  t.object({
    ...connections(),
    waiting: t.integer(),
    unauthenticated: t.integer(),
  });

export { counts as pairingCounts };

export const secretKind = () => t.oneOf("token", "password");

const word = () => t.either(t.string(), t.object({ fill: t.string() }));

/** A command in a text: `at` is where it works; a word with `fill` is one that the reader fills in. */
const command = () =>
  t.object(
    {
      program: t.string(),
      words: t.array(word()),
      at: t.oneOf("here", "gateway", "node"),
    },
    { root: t.exactly(true), env: t.record(t.string()) },
  );

/** `warnings`: each as one text; `notes`: with a code for programs, and what helps, its commands apart. */
export const notes = () => ({
  warnings: strings(),
  notes: t.array(
    t.object(
      { code: t.string(), message: t.string() },
      { next: t.array(t.either(t.string(), command())) },
    ),
  ),
});

/**
 * What this gateway process is. `unit`: the systemd unit or the id of the pm2 process. `configMark`: names
 * the configuration's file and the state that it was read in last, to compare with what another process
 * sees there.
 */
export const hostReport = () =>
  t.object(
    {
      pid: t.integer(),
      version: t.string(),
      startedAtMs: t.integer(),
      uptimeMs: t.integer(),
      supervisor: t.oneOf("systemd", "pm2", "none"),
      listening: strings(),
      stateDir: t.string(),
      configPath: t.string(),
      adminSocket: t.string(),
      pageUrl: t.string(),
      ...notes(),
      fingerprint: t.string(),
      deviceId: t.string(),
      pairing: counts(),
      connections: t.object(connections()),
      secrets: t.object(shared()),
    },
    { unit: t.string(), configMark: t.string(), pagePin: t.string() },
  );

const actor = () =>
  t.object(
    { kind: t.oneOf("host", "device", "link", "ssh", "secret", "gateway") },
    { id: t.string(), claims: t.string() },
  );

const fact = () => t.either(t.string(), t.number(), t.boolean(), strings());

const auditLine = () =>
  t.object(
    {
      seq: t.integer(),
      ts: t.integer(),
      event: t.string(),
      by: actor(),
      prev: t.string(),
      hash: t.string(),
    },
    { what: t.record(fact()), from: t.string() },
  );

/** `cursor`: where the next page begins; absent after the newest line. */
export const auditPage = () => t.object({ lines: t.array(auditLine()) }, { cursor: t.string() });

export const auditVerdict = () =>
  t.object(
    {
      lines: t.integer(),
      from: t.integer(),
      to: t.integer(),
      faults: t.array(t.object({ file: t.string(), problem: t.string() }, { line: t.integer() })),
    },
    { more: t.integer(), waiting: t.integer() },
  );

/** What a key may let in; words/ssh-rights.ts says what each means. */
export const sshRight = () => t.oneOf("operator", "node", "admin");

export const sshKeyRow = () =>
  t.object(
    {
      fingerprint: t.string(),
      publicKey: t.string(),
      name: t.string(),
      may: t.array(sshRight()),
      addedAtMs: t.integer(),
    },
    {
      from: strings(),
      expiresAtMs: t.integer(),
      lastUsedAtMs: t.integer(),
      lastUsedFrom: t.string(),
    },
  );

/** Why sshd does not know of the change yet; the gateway itself acts on it already. */
export const unpublished = () => ({ unpublished: t.string() });

/** `closed`: connections() that only the old secret had admitted; `revoked`: devices whose tokens ended. */
export const secretChanged = () => ({ closed: strings(), revoked: strings() });
