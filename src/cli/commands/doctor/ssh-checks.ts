import { asRoot, openclaw, shell } from "../../../protocol/command.ts";
import { plainText, say } from "../../../protocol/text.ts";
import { count } from "../../kit/words.ts";
import { asAdmin, type Check } from "./facts.ts";
import { fail, note, ok, warn } from "./verdict.ts";

/** The group whose members are owners. */
const OWNERS = "openclaw";
const ENABLE = asRoot(openclaw`ssh enable`);
const LIST = openclaw`ssh list`;

/** Who writes what sshd runs. */
const WRITER = plainText(openclaw`ssh enable`);

const setup: Check = ({ ssh }) => {
  const { account, block, dropInFor, programThere } = ssh;
  if (account === undefined) {
    if (dropInFor === undefined) return ok("Approval over SSH is off.");
    return warn(
      `sshd lets ${dropInFor} log in, and the gateway's configuration does not know of it.`,
      ENABLE,
    );
  }
  if (block !== undefined) return ok(`Approvers log in as ${account}, by a block in ${block}.`);
  if (dropInFor !== account) {
    return warn(`Nobody can log in as ${account} to approve: sshd was not told.`, ENABLE);
  }
  if (!programThere) return warn("What answers approvers over SSH is missing.", ENABLE);
  const [changed] = ssh.altered;
  if (changed !== undefined) {
    return warn(`${changed} is not as ${WRITER} writes it, or others may.`, ENABLE);
  }
  if (ssh.uncounted && ssh.uncounted.length > 0) {
    const which = ssh.uncounted.slice(0, MOST_NAMED).join(", ");
    return fail(
      `Something else in sshd's configuration decides for ${account}: ${which}.`,
      say`${ENABLE} (it says what; until then: ${asRoot(openclaw`ssh disable`)})`,
    );
  }
  return ok(`Approvers log in as ${account} and can do nothing else.`);
};

const MOST_NAMED = 3;

/**
 * Members of the owners' group can do everything here: neither nginx nor the approvers' account may
 * be in it.
 */
const groups: Check = ({ ssh, machine }) => {
  const loose = [
    ...(ssh.account !== undefined && ssh.block === undefined && ssh.groups.includes(OWNERS)
      ? [ssh.account]
      : []),
    ...(ssh.proxyGroups.includes(OWNERS) ? ["www-data"] : []),
  ];
  const [first] = loose;
  if (first === undefined) {
    return ok("Neither nginx nor the account of approvers may use the owner's socket.");
  }
  return fail(
    `${first} is in the group ${OWNERS}, so whoever gets in as ${first} owns the gateway.`,
    asAdmin({ machine }, shell`gpasswd -d ${first} ${OWNERS}`),
  );
};

const keys: Check = ({ ssh, nowMs }) => {
  if (!ssh.keys) return undefined;
  const over = ssh.keys.filter(({ expiresAtMs = Infinity }) => expiresAtMs <= nowMs);
  const live = ssh.keys.length - over.length;
  const { published } = ssh;
  const missing = ssh.keys.filter((key) => {
    return !over.includes(key) && published && !published.includes(key.fingerprint);
  });
  if (ssh.dropInFor !== undefined && missing.length > 0) {
    return warn(`sshd does not know ${count(missing.length, "key")} that may approve.`, ENABLE);
  }
  if (ssh.account !== undefined && live === 0) {
    return note("Approval over SSH is on, and no key may approve.", openclaw`ssh add key.pub`);
  }
  if (ssh.account === undefined && live > 0) {
    const many = `${count(live, "key")} may approve over SSH, which is off`;
    return note(`${many}.`, say`${ENABLE} (or take them away: ${LIST})`);
  }
  if (over.length > 0) {
    return note(`The time of ${count(over.length, "SSH key")} is over.`, LIST);
  }
  return ok(live === 0 ? "No key may approve over SSH." : `${count(live, "SSH key")} may approve.`);
};

export const sshChecks: Readonly<Record<string, Check>> = {
  "ssh.setup": setup,
  "ssh.groups": groups,
  "ssh.keys": keys,
};
