import { crc32, inflateSync } from "node:zlib";
import jsQR from "jsqr";

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Whether a pixel is white. */
  white(x: number, y: number): boolean;
}

/** Reads a PNG of one bit a pixel as strictly as the specification has it. */
export function readPng(file: Buffer): Picture {
  if (file.subarray(0, 8).toString("latin1") !== "\u0089PNG\r\n\u001a\n") throw new Error("no PNG");
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length; ) {
    const end = at + 8 + file.readUInt32BE(at);
    const body = file.subarray(at + 4, end);
    if (crc32(body) !== file.readUInt32BE(end)) throw new Error("wrong checksum");
    chunks.set(body.subarray(0, 4).toString("latin1"), body.subarray(4));
    at = end + 4;
  }
  if ([...chunks.keys()].join() !== "IHDR,IDAT,IEND") throw new Error("other chunks");
  const head = chunks.get("IHDR") ?? Buffer.alloc(13);
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  const bytes = 1 + Math.ceil(width / 8);
  const pixels = inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0));
  if (head.subarray(8).toString("hex") !== "0100000000") throw new Error("not one bit of grey");
  if (pixels.length !== bytes * height) throw new Error("too long or too short");
  const bit = (x: number, y: number) =>
    ((pixels[y * bytes + 1 + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1;
  return { width, height, white: (x, y) => bit(x, y) === 1 };
}

/** The text of the QR code in a `data:image/png;base64,…`. */
export function readDataUrlQr(url: string): string | undefined {
  const [, base64] = /^data:image\/png;base64,([A-Za-z0-9+/]+=*)$/.exec(url) ?? [];
  if (base64 === undefined) throw new Error(`no picture: ${url.slice(0, 40)}`);
  const { width, height, white } = readPng(Buffer.from(base64, "base64"));
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!white(x, y)) pixels.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return jsQR(pixels, width, height)?.data;
}
