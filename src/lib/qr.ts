import { encode } from "uqr";

/** Rows of modules; `true` is dark. Square. */
export type QrCode = readonly (readonly boolean[])[];

/**
 * `text` as a QR code (ISO/IEC 18004) of the least size that holds it, with a light border of so
 * many modules. Error correction is the highest that costs no size.
 * @throws Error past 2,953 bytes
 */
export function qrCode(text: string, border: number): QrCode {
  return encode(text, { ecc: "L", boostEcc: true, border }).data;
}
