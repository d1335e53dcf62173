import type { Hub } from "../events/hub.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { Setups } from "../pairing/setups.ts";

interface Deps {
  readonly hub: Pick<Hub, "publish" | "publishAbout">;
  readonly pairing: Pairing;
  readonly setups: Setups;
}

/** What the ends of setup codes are called on the wire. */
const setupEvents = {
  completed: "device.pair.setup.completed",
  uncertain: "device.pair.setup.deliveryUncertain",
} as const;

/** Publishes what becomes of paired devices and of setup codes. Returns how to stop. */
export function broadcastDevices({ hub, pairing, setups }: Deps): () => void {
  const stopPairing = pairing.listen({
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
