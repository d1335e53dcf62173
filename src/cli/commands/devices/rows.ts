import type { Result } from "../../reach/gateway.ts";
import type { SeveralConnections } from "../nodes/several.ts";

/** The result of `device.pair.list`. */
export type DevicePairList = Result<"device.pair.list">;

/** A request of a device that waits. */
export type PendingRow = DevicePairList["pending"][number];

/** A paired device; lists also say whether it is connected, and of a node if it is more than once. */
export type PairedRow = Result<"device.pair.revokeAll">["kept"][number] & {
  readonly connected?: boolean;
} & SeveralConnections;

/** Ways in with full control. */
export type RemainingAdmins = NonNullable<DevicePairList["waysIn"]>;
