/** Base64url without padding, as the wire wants keys and signatures. */
export function toBase64Url(bytes: ArrayBuffer | Uint8Array): string {
  const replace: Readonly<Record<string, string>> = { "+": "-", "/": "_" };
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(
    /[+/=]/g,
    (sign) => replace[sign] ?? "",
  );
}

export function toHex(bytes: ArrayBuffer | Uint8Array): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
