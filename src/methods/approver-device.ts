import type { Device } from "../pairing/records.ts";
import { RequestError } from "../protocol/errors.ts";
import { quotedName, shortId } from "../words/device.ts";
import type { Services } from "./services.ts";

const MOST_SHOWN = 5;

/**
 * The paired device whose id begins with what was typed. Never by its name: a device chooses that
 * itself, and a phone shows no list to compare.
 * @throws RequestError where no id begins so, or several do
 */
export function findDevice(typed: string, { deviceList }: Pick<Services, "deviceList">): Device {
  const start = typed.replaceAll("-", "").toLowerCase();
  const found = /^[0-9a-f]{8,64}$/.test(start) ? deviceList.named(start) : [];
  const [device] = found;
  if (device && found.length === 1) return device;
  if (found.length === 0) throw problem("No paired device has an id that begins so.");
  const rows = found.slice(0, MOST_SHOWN).map((one) => {
    return `${shortId(one.deviceId)} (${quotedName(one)})`;
  });
  throw problem(`Several devices' ids begin so: ${rows.join(", ")}. Type more of it.`);
}

function problem(message: string): RequestError {
  return new RequestError({ code: "INVALID_REQUEST", message });
}
