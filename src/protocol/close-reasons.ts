/** Reasons of closes that a client acts on, by which it tells them from others with the same code. */

/** The owner ended the pairing of the device that the connection was of. */
export const DEVICE_REMOVED = "device removed";

/** The device waits on a newer connection. */
export const WAITING_REPLACED = "pairing required: continued on a newer connection of this device";
