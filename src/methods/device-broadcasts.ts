import type { Hub } from "../events/hub.ts";
import type { World } from "../lib/world.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { Setups } from "../pairing/setups.ts";
import { pendingRow } from "./device-rows.ts";

interface Deps {
  readonly hub: Pick<Hub, "publish" | "publishAbout">;
  readonly pairing: Pairing;
  readonly setups: Setups;
  readonly world: Pick<World, "now">;
}

/** What the ends of setup codes are called on the wire. */
const setupEvents = {
  completed: "device.pair.setup.completed",
  uncertain: "device.pair.setup.deliveryUncertain",
} as const;

/** Publishes what becomes of devices and of setup codes. Returns how to stop. */
export function broadcastDevices({ hub, pairing, setups, world }: Deps): () => void {
  const stopPairing = pairing.listen({
    requested: (pending) => {
      const { deviceId } = pending;
      const row = pendingRow(pending, pairing.device(deviceId));
      hub.publishAbout(deviceId, "device.pair.requested", row);
    },
    resolved: (pending, why) => {
      const { requestId, deviceId } = pending;
      const decision = why === "approved" ? "approved" : "rejected";
      const facts = { requestId, deviceId, decision, why, ts: world.now() };
      hub.publishAbout(deviceId, "device.pair.resolved", facts);
    },
    renamed: () => hub.publish("device.pair.changed", {}),
  });
  const stopSetups = setups.listen((end, outcome) => {
    hub.publishAbout(outcome.deviceId, setupEvents[end], outcome);
  });
  return () => {
    stopPairing();
    stopSetups();
  };
}
