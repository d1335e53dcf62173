import { limitTable } from "../limits/table.ts";
import type { DevicePage } from "../pairing/device-list.ts";
import type { Place } from "../pairing/order.ts";
import { PAIRING } from "../protocol/access.ts";
import { invalidRequest } from "../protocol/errors.ts";
import { RawJson } from "../protocol/frames.ts";
import * as t from "../protocol/typed-schema.ts";
import { wireSchemas } from "../protocol/wire-schemas.ts";
import { isConfined } from "../requests/authority.ts";
import type { DeviceRequest } from "../requests/records.ts";
import { pairedRow, pendingRow } from "./device-rows.ts";
import { type Call, method } from "./method.ts";
import { capabilityFactsOfNode } from "./nodes-rows.ts";
import { deviceList } from "./results/devices.ts";

const DEFAULT_LIMIT = 100;

/** The protocol's own params are none; these are this gateway's addition. */
const pageParams = {
  limit: t.integer({ minimum: 1, maximum: limitTable.listPageRows.value }),
  cursor: t.string({ minLength: 1, maxLength: 256 }),
  query: t.string({ minLength: 1, maxLength: 256 }),
  role: t.oneOf("operator", "node"),
  staleBeforeMs: t.integer({ minimum: 0 }),
};

const params = t.withOptional(wireSchemas.devicePairList, pageParams);

type ListParams = t.ValueOf<typeof params>;

export const list = method({
  name: "device.pair.list",
  summary:
    "Requests that wait for approval and paired devices, newest first: all of them or, with any of the params, a page, with `total`, `waysIn` (how many ways in with full control there are: paired devices, and others) and, where others follow, `nextCursor`. Requests are on the first page. A device that is paired throughout is on exactly one page, whatever changes meanwhile.",
  access: { roles: ["operator"], scope: PAIRING },
  params,
  result: deviceList,
  run: (given, call) => {
    const pages = Object.keys(pageParams).some((name) => name in given);
    return pages ? onePage(given, call) : wholeList(call);
  },
});

/** All there is, as clients of the protocol expect it; past a limit the newest, and that is said. */
function wholeList(call: Call): RawJson | Promise<RawJson> {
  const { deviceList } = call.services;
  const pending = deviceList.pending(call.actor, {}).map(rowMaker(call));
  const page = deviceList.whole({ actor: call.actor, write: writer(call) });
  return then(page, (made) => answer(pending, made, made.end ? { truncated: true } : undefined));
}

function onePage(given: ListParams, call: Call): RawJson | Promise<RawJson> {
  const { cursor, limit = DEFAULT_LIMIT, query, role, staleBeforeMs } = given;
  const { deviceList } = call.services;
  const filter = { query, role, staleBeforeMs };
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const pending = after ? [] : deviceList.pending(call.actor, filter).map(rowMaker(call));
  const { actor } = call;
  const page = deviceList.page({ ...filter, actor, limit, after, write: writer(call) });
  const more = isConfined(actor) ? {} : { waysIn: call.services.pairing.remainingAdmins() };
  return then(page, (made) => answer(pending, made, more));
}

function rowMaker({ services }: Call) {
  return (pending: DeviceRequest) => pendingRow(pending, services.pairing.device(pending.deviceId));
}

function writer({ services }: Call) {
  const { isConnected } = services.connections;
  return (device: Parameters<typeof pairedRow>[0]) => {
    const { deviceId } = device;
    const node = device.roles.includes("node") ? capabilityFactsOfNode(deviceId, services) : {};
    return JSON.stringify({ ...pairedRow(device), ...node, connected: isConnected(deviceId) });
  };
}

/** `more` absent: nothing is said about pages. */
function answer(pending: readonly unknown[], page: DevicePage, more: object | undefined): RawJson {
  const { rows, total, end } = page;
  const lists = `{"pending":${JSON.stringify(pending)},"paired":[${rows}]`;
  if (!more) return new RawJson(`${lists}}`);
  const facts = { ...more, total, ...(end && { nextCursor: writeCursor(end, total) }) };
  return new RawJson(`${lists},${JSON.stringify(facts).slice(1)}`);
}

function then<A, B>(value: A | Promise<A>, use: (value: A) => B): B | Promise<B> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** Where the next page begins. Clients hand it back and read nothing in it. */
function writeCursor({ approvedAtMs, deviceId }: Place, total: number): string {
  return `${approvedAtMs.toString(36)}.${total.toString(36)}.${deviceId}`;
}

const CURSOR = /^(-?[0-9a-z]{1,11})\.([0-9a-z]{1,8})\.(.+)$/;

function readCursor(cursor: string): Place & { total: number } {
  const [, at, total, deviceId] = CURSOR.exec(cursor) ?? [];
  if (at === undefined || total === undefined || deviceId === undefined) {
    throw invalidRequest("invalid device.pair.list params: at /cursor: not a cursor of this list");
  }
  return { approvedAtMs: Number.parseInt(at, 36), total: Number.parseInt(total, 36), deviceId };
}
