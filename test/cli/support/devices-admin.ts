import { FakeAdmin } from "./admin-server.ts";
import { pairedRow, pendingRow } from "./rows.ts";

/** The gateway's own key, in words. */
export const GATEWAY_KEY = "acid-army-atom-auto-aura-axle-baby-bank";

/** An admin socket behind which one device waits and one is paired. */
export async function devicesAdmin(): Promise<FakeAdmin> {
  const admin = await new FakeAdmin().listen();
  admin.answers = {
    "device.pair.list": () => ({ pending: [pendingRow()], paired: [pairedRow()] }),
    "device.pair.approve": ({ requestId }) => ({ requestId, device: pairedRow(pendingRow()) }),
    "device.pair.show": () => ({ ...pendingRow(), gatewayFingerprint: GATEWAY_KEY }),
    "node.pair.list": () => ({ pending: [], paired: [] }),
    "device.pair.reject": ({ requestId }) => ({ requestId, deviceId: "ab".repeat(32) }),
    "device.pair.remove": ({ deviceId }) => ({ deviceId }),
    "device.pair.rename": (params) => params,
  };
  return admin;
}
