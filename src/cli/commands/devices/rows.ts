import type { Result } from "../../reach/gateway.ts";

/** The result of `device.pair.list`. */
export type DevicePairList = Result<"device.pair.list">;

/** A request of a device that waits. */
export type PendingRow = DevicePairList["pending"][number];

/** A paired device; lists also say whether it is connected. */
export type PairedRow = Result<"device.pair.revokeAll">["kept"][number] & {
  readonly connected?: boolean;
};

/** Ways in with full control. */
export type RemainingAdmins = NonNullable<DevicePairList["waysIn"]>;
