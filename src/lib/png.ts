import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** One bit a pixel, grey: 0 is black, 1 is white (PNG specification, section 11.2.2). */
const ONE_BIT_GREY = [1, 0, 0, 0, 0];

/** A picture of squares of `scale` pixels, black where a row says `true`, white elsewhere. */
export function squaresPng(rows: readonly (readonly boolean[])[], scale: number): Buffer {
  const width = (rows[0]?.length ?? 0) * scale;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(rows.length * scale, 4);
  head.set(ONE_BIT_GREY, 8);
  const lines = rows.flatMap((row) => {
    const line = lineOf(row, scale);
    return Array.from({ length: scale }, () => line);
  });
  const pixels = deflateSync(Buffer.concat(lines), { level: 9 });
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", head),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** One line of pixels, eight to a byte, after the byte that says how it was filtered: not at all. */
function lineOf(row: readonly boolean[], scale: number): Buffer {
  const line = Buffer.alloc(1 + Math.ceil((row.length * scale) / 8), 0);
  row.forEach((dark, index) => {
    if (dark) return;
    for (let x = index * scale; x < (index + 1) * scale; x += 1) {
      const at = 1 + (x >> 3);
      line[at] = (line[at] ?? 0) | (0x80 >> (x & 7));
    }
  });
  return line;
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
