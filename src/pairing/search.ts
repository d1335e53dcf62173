import { cleanText } from "../lib/text.ts";
import type { Role } from "../protocol/access.ts";
import type { DeviceRequest, DeviceText } from "../requests/records.ts";
import type { Device } from "./records.ts";

/** What narrows a list. Absent parts narrow nothing. */
export interface Filter {
  /** Text that one of a record's own texts holds, upper and lower case alike. */
  readonly query?: string | undefined;
  readonly role?: Role | undefined;
  /** Only devices last seen before this moment (ms) and not connected; requests are never stale. */
  readonly staleBeforeMs?: number | undefined;
}

/** Whether the filter lets every record pass. */
export function isOpen({ query, role, staleBeforeMs }: Filter): boolean {
  return query === undefined && role === undefined && staleBeforeMs === undefined;
}

/** Which paired devices a filter lets pass. */
export function deviceFilter(
  { query, role, staleBeforeMs }: Filter,
  isConnected: (deviceId: string) => boolean,
): (device: Device) => boolean {
  const holds = textFilter(query);
  return (device) =>
    (role === undefined || device.roles.includes(role)) &&
    (staleBeforeMs === undefined ||
      (lastSign(device) < staleBeforeMs && !isConnected(device.deviceId))) &&
    holds(device);
}

/** Which requests a filter lets pass. */
export function pendingFilter(filter: Filter): (request: DeviceRequest) => boolean {
  const { query, role, staleBeforeMs } = filter;
  if (staleBeforeMs !== undefined) return () => false;
  const holds = textFilter(query);
  return (request) => (role === undefined || request.roles.includes(role)) && holds(request);
}

/** When a device was last seen; one that never was counts from its approval. */
export function lastSign({ lastSeenAtMs, approvedAtMs }: Device): number {
  return lastSeenAtMs ?? approvedAtMs;
}

type Texts = DeviceText & { deviceId: string; label?: string; requestId?: string };

function textFilter(query: string | undefined): (record: Texts) => boolean {
  if (query === undefined) return () => true;
  const wanted = cleanText(query, 256)?.toLowerCase();
  // Nothing visible is left of it: nothing can hold it.
  if (wanted === undefined) return () => false;
  const holds = (text: string | undefined) =>
    text !== undefined && plain(text).toLowerCase().includes(wanted);
  return (record) =>
    holds(record.label) ||
    holds(record.displayName) ||
    holds(record.program) ||
    holds(record.deviceId) ||
    holds(record.platform) ||
    holds(record.clientId) ||
    holds(record.clientMode) ||
    holds(record.requestId);
}

const ASCII = /^[ -~]*$/;

/** As it is shown. Texts are cleaned before they are stored: what is plain ASCII stays as it is. */
function plain(text: string): string {
  return ASCII.test(text) ? text : (cleanText(text, 256) ?? "");
}
