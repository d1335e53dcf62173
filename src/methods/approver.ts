import { cutText, wrapText } from "../lib/width.ts";
import { limitTable } from "../limits/table.ts";
import { heldScopes } from "../pairing/authority.ts";
import type { Device } from "../pairing/records.ts";
import { commandText, shell } from "../protocol/command.ts";
import { type LeftOut, leftOutScopes, NODES } from "../protocol/scopes.ts";
import * as t from "../protocol/typed-schema.ts";
import { approvalProblem, mayDecide } from "../requests/authority.ts";
import { askerOf } from "../requests/records.ts";
import type { Durability } from "../store/shape.ts";
import { agoWords } from "../words/age.ts";
import { clientKind, deviceName, quoted, shortId, shown } from "../words/device.ts";
import { cardLines } from "../words/request-card.ts";
import {
  askWords,
  canLeaveOut,
  cutAsk,
  deviceOf,
  grantWords,
  kindWords,
  type RequestRow,
} from "../words/request-kinds.ts";
import { scopeInWords } from "../words/scopes.ts";
import { PHONE_COLUMNS } from "../words/ssh-rights.ts";
import { findDevice } from "./approver-device.ts";
import { inWords, notYours, wholeOrNot } from "./approver-refusals.ts";
import { type Call, type Method, method } from "./method.ts";
import { approveRequest, requestRow, shownRequest } from "./requests.ts";

const WIDTH = PHONE_COLUMNS;

/** The verbs of a key that approves over SSH; they answer in lines, for people. */
interface Verb<Params> {
  readonly name: string;
  readonly summary: string;
  readonly params?: t.TypedSchema<Params>;
  readonly run: (params: Params, call: Call) => readonly string[] | Promise<readonly string[]>;
}

function verb<Params>({ name, summary, params, run }: Verb<Params>): Method<string, Params> {
  return method({
    name: `approver.${name}`,
    summary,
    access: { roles: ["operator"] },
    ...(params && { params }),
    result: () => t.object({ lines: t.array(t.string()) }),
    run: async (given, call) => {
      try {
        const lines = await run(given, call);
        return { lines: lines.flatMap((line) => wrapped(line)) };
      } catch (error) {
        throw inWords(error);
      }
    },
  });
}

/** A line that is too long goes on below, as far in as it began. */
function wrapped(line: string): string[] {
  const [indent = ""] = /^ */.exec(line) ?? [];
  return wrapText(line.slice(indent.length), WIDTH - indent.length).map((part) => indent + part);
}

interface Waiting {
  readonly row: RequestRow;
  /** Whether the key that asks may approve the request. */
  readonly mine: boolean;
}

/**
 * Requests that wait for a decision: of devices that ask to come in, and of nodes for their
 * declared capabilities. Newest first.
 */
function waiting({ actor, services }: Call): Waiting[] {
  const all = services.requests.seenBy(actor).map((request): Waiting => {
    const held = heldScopes(services.pairing.device(askerOf(request)));
    const mine = approvalProblem(actor, request, held) === undefined;
    return { row: requestRow(request, services), mine };
  });
  return all.sort((a, b) => b.row.ts - a.row.ts);
}

const list = verb({
  name: "list",
  summary: "Who waits.",
  run: (_params, call) => {
    const all = waiting(call);
    if (all.length === 0) return ["Nobody waits for approval."];
    const now = call.services.pairing.now();
    const shownRows = all.slice(0, limitTable.sshListRows.value);
    const more = all.length - shownRows.length;
    return [
      all.length === 1 ? "1 waits for approval." : `${all.length} wait for approval.`,
      ...shownRows.flatMap((one) => ["", ...shortLines(one, now)]),
      ...(more > 0 ? ["", `and ${more} more`] : []),
    ];
  },
});

function shortLines({ row, mine }: Waiting, now: number): string[] {
  const code = shown(row.requestId);
  const { words, whole } = cutAsk(askWords(row).asks, limitTable.askChars.value);
  return [
    `${code}  ${agoWords(row.ts, now)}`,
    nameOf(row),
    `  asks ${kindWords(row).asksFor}${words}`,
    ...(whole ? [] : [`  all of it: show ${code}`]),
    ...(mine ? [] : ["  (not for this key to approve)"]),
  ];
}

/**
 * A device's name on the rest of a line: quoted, and never longer, because what goes on below would
 * look like a line of the gateway's own.
 */
function nameOf(row: RequestRow, before = INDENT): string {
  return named(deviceName(deviceOf(row)), before);
}

function named(name: string, before: string): string {
  return before + quoted(cutText(name, WIDTH - before.length - 2));
}

const INDENT = "  ";

const codeParams = t.object({ requestId: t.string({ minLength: 8, maxLength: 16 }) });

type Code = t.ValueOf<typeof codeParams>;

/**
 * A verb on a request, by its code. A caller who names too many unknown codes is locked out of
 * naming codes.
 */
function codeVerb({ run, ...rest }: Omit<Verb<Code>, "params">) {
  return verb({
    ...rest,
    params: codeParams,
    run: (code, call) => call.services.codes.try(call.actor, () => run(code, call)),
  });
}

const show = codeVerb({
  name: "show",
  summary: "Who asks, from where, for what.",
  run: ({ requestId }, call) => {
    const { row } = shownRequest(requestId, call);
    const card = cardLines(row, { now: call.services.pairing.now(), width: WIDTH });
    if (!canLeaveOut(row)) return card;
    const typed = commandText(shell`approve ${row.requestId} without nodes`);
    return [...card, "", `To let it in without the right to ${scopeInWords(NODES)}:`, `  ${typed}`];
  },
});

const approve = codeVerb({
  name: "approve",
  summary: "Lets a device in, or a node answer what it offers: exactly what the code stands for.",
  run: ({ requestId }, call) => approved(requestId, call),
});

/** A method of its own, and no property of `approve`: a gateway that does not know it grants nothing. */
const approveWithout = codeVerb({
  name: "approveWithout",
  summary: "Lets a device in without the right to run commands on nodes.",
  run: ({ requestId }, call) => approved(requestId, call, leftOutScopes),
});

async function approved(requestId: string, call: Call, without: readonly LeftOut[] = []) {
  const { row } = shownRequest(requestId, call);
  await approveRequest(requestId, call, without).catch((error) => {
    throw wholeOrNot(error, row.requestId);
  });
  return [
    nameOf(row, "Approved: "),
    INDENT + cutText(clientKind(row), WIDTH - INDENT.length),
    `  ${kindWords(row).may} ${grantWords(row, without)}`,
    ...without.map((scope) => `  left out: ${scopeInWords(scope)}`),
    `Gateway: ${call.services.identity.fingerprint}`,
    "To revoke it:",
    `  revoke ${shortId(deviceOf(row).deviceId)}`,
  ];
}

const reject = codeVerb({
  name: "reject",
  summary: "Rejects a request.",
  run: async ({ requestId }, call) => {
    const { row, request } = shownRequest(requestId, call);
    const { services, actor } = call;
    if (!mayDecide(actor, request)) throw notYours();
    const outcome = await services.requests.reject(requestId, actor);
    return [nameOf(row, "Rejected: "), "It may ask again.", ...notDurable(outcome)];
  },
});

function notDurable({ durable, reason }: Partial<Durability>): string[] {
  if (durable !== false) return [];
  return [`In force, but not on disk yet: ${shown(reason, 120)}`];
}

const revoke = verb({
  name: "revoke",
  summary: "Takes a device out until it is approved again.",
  params: t.object({ deviceId: t.string({ minLength: 8, maxLength: 64 }) }),
  run: async ({ deviceId: typed }, { actor, services }) => {
    const { deviceId } = findDevice(typed, services);
    const { device, roles, ...outcome } = await services.pairing.revokeEvery({ deviceId, actor });
    const name = ownName(device);
    if (roles.length === 0) return [named(name, "Out already: ")];
    return [
      named(name, "Revoked: "),
      "It is out until somebody approves it again.",
      ...notDurable(outcome),
    ];
  },
});

function ownName({ label, ...device }: Device): string {
  return deviceName({ ...device, ...(label !== undefined && { operatorLabel: label }) });
}

/** All that the approve socket answers. */
export const approverMethods: readonly Method[] = [
  list,
  show,
  approve,
  approveWithout,
  reject,
  revoke,
];
