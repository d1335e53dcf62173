import { egressPolicy } from "../../../lib/egress.ts";
import { openclaw, shell } from "../../../protocol/command.ts";
import { say } from "../../../protocol/text.ts";
import { egressCommand } from "../../../words/egress.ts";
import { agoWords } from "../../kit/age.ts";
import { asAdmin, asOwner, type Check, type DoctorFacts, type WebhookFile } from "./facts.ts";
import { note, ok, type Verdict, warn } from "./verdict.ts";

const files: Check = (facts) => {
  const { webhook } = facts.config;
  if (!webhook || webhook.files.length === 0) return undefined;
  const wrong = webhook.files.map((file) => fileProblem(file, facts)).find((one) => one);
  return wrong ?? ok("The webhook's files are for the gateway alone.");
};

function fileProblem(
  { key, path, found, missing }: WebhookFile,
  facts: DoctorFacts,
): Verdict | undefined {
  if (missing) return warn(`${key} names ${path}, which is not there.`, shell`ls -lL ${path}`);
  if (!found) return undefined;
  if (!found.isFile) return warn(`${key} names ${path}, which is no file.`, shell`ls -lLd ${path}`);
  const owner = facts.state.found;
  if (owner && !mayRead(found, owner)) {
    const group = asAdmin(facts, shell`chgrp ${owner.gid} ${path}`);
    const next = say`${group} && ${asAdmin(facts, shell`chmod g+r ${path}`)}`;
    return warn(`The gateway's user ${owner.uid} may not read ${path} (${key}).`, next);
  }
  if ((found.mode & 0o004) === 0) return undefined;
  return warn(
    `Every user of this machine can read ${path}, and ${key} is for secrets.`,
    asOwner(facts, shell`chmod o-r ${path}`),
  );
}

type Who = { readonly uid: number; readonly gid: number };

/** Whether the user `who` may read a file, by its owner, group and mode. */
function mayRead(file: Who & { readonly mode: number }, who: Who): boolean {
  if (who.uid === 0) return true;
  if (file.uid === who.uid) return (file.mode & 0o400) !== 0;
  return (file.mode & (file.gid === who.gid ? 0o040 : 0o004)) !== 0;
}

const egress: Check = ({ config }) => {
  const { webhook } = config;
  const [first] = webhook?.addresses ?? [];
  if (!webhook?.addresses || first === undefined) return undefined;
  const policy = egressPolicy(webhook.egress);
  const judged = webhook.addresses.map((address) => policy.judge(address));
  if (judged.some((verdict) => verdict.ok)) return ok("The webhook's address may be connected to.");
  const [verdict] = judged;
  if (!verdict || verdict.ok) return undefined;
  const leads = `The webhook ${webhook.to} leads to ${first}, ${verdict.what}`;
  if (verdict.never) {
    const message = `${leads}: the gateway never connects there.`;
    return warn(message, openclaw`config get notify.webhook`);
  }
  return warn(
    `${leads}, and gateway.egress does not allow that.`,
    egressCommand(webhook.egress, first),
  );
};

const TEST = openclaw`notify test`;

const delivery: Check = ({ gateway, nowMs }) => {
  if (gateway.how !== "running" || !gateway.status.notify?.configured) return undefined;
  const { last } = gateway.status.notify;
  if (!last) return note("No message was sent to the webhook yet.", TEST);
  const ago = agoWords(last.atMs, nowMs);
  if (last.ok) return ok(`The webhook ${last.to} took a message ${ago}.`);
  const why = last.error ?? "for an unknown reason";
  return warn(
    `The last message to the webhook did not arrive (${ago}): ${why}.`,
    last.next ?? TEST,
  );
};

export const webhookChecks: Readonly<Record<string, Check>> = {
  "notify.files": files,
  "notify.egress": egress,
  "notify.delivery": delivery,
};
