/**
 * SHA-256 and SHA-512 for pages without `crypto.subtle` (plain HTTP, old browsers).
 *
 * The two are one algorithm with another word size, so one function serves both, and the
 * constants (FIPS 180-4: fractional parts of roots of primes) are computed rather than listed.
 * Speed does not matter: a page hashes a few hundred bytes per connect.
 */
interface Variant {
  bits: number;
  rounds: number;
  /** Rotations of Σ0, Σ1, σ0, σ1; the last number of each σ is a shift. */
  big0: number[];
  big1: number[];
  small0: number[];
  small1: number[];
}

const SHA256: Variant = {
  bits: 32,
  rounds: 64,
  big0: [2, 13, 22],
  big1: [6, 11, 25],
  small0: [7, 18, 3],
  small1: [17, 19, 10],
};
const SHA512: Variant = {
  bits: 64,
  rounds: 80,
  big0: [28, 34, 39],
  big1: [14, 18, 41],
  small0: [1, 8, 7],
  small1: [19, 61, 6],
};

/** floor(value^(1/degree)) by bisection. */
function root(value: bigint, degree: bigint): bigint {
  let low = 0n;
  let high = 1n << 72n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** degree > value) high = middle - 1n;
    else low = middle;
  }
  return low;
}

const PRIMES: bigint[] = [];
for (let n = 2n; PRIMES.length < 80; n++) if (PRIMES.every((p) => n % p !== 0n)) PRIMES.push(n);

/** The first 64 fractional bits of each prime's square (initial state) or cube root (rounds). */
const fraction = (degree: bigint) =>
  PRIMES.map((p) => BigInt.asUintN(64, root(p << (64n * degree), degree)));
const SQUARES = fraction(2n).slice(0, 8);
const CUBES = fraction(3n);

function pad(message: Uint8Array, blockBytes: number): DataView {
  const length = Math.ceil((message.length + 1 + blockBytes / 8) / blockBytes) * blockBytes;
  const padded = new Uint8Array(length);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(length - 4, message.length * 8);
  return view;
}

function sha2(message: Uint8Array, variant: Variant): Uint8Array<ArrayBuffer> {
  const { bits, rounds } = variant;
  const bytes = bits / 8;
  const wrap = (x: bigint) => BigInt.asUintN(bits, x);
  const turn = (x: bigint, by: number) => (x >> BigInt(by)) | wrap(x << BigInt(bits - by));
  const big = (x: bigint, r: number[]) => r.reduce((sum, by) => sum ^ turn(x, by), 0n);
  const small = (x: bigint, [a = 0, b = 0, c = 0]: number[]) =>
    turn(x, a) ^ turn(x, b) ^ (x >> BigInt(c));
  const cut = (x: bigint) => x >> BigInt(64 - bits);
  const state = SQUARES.map(cut);
  const data = pad(message, bytes * 16);
  const read = (at: number) => (bits === 64 ? data.getBigUint64(at) : BigInt(data.getUint32(at)));

  for (let block = 0; block < data.byteLength; block += bytes * 16) {
    const w: bigint[] = [];
    const word = (i: number) => w[i] ?? 0n;
    let [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n, g = 0n, h = 0n] = state;
    for (let i = 0; i < rounds; i++) {
      const grown = () =>
        small(word(i - 2), variant.small1) + word(i - 7) + small(word(i - 15), variant.small0);
      w.push(i < 16 ? read(block + i * bytes) : wrap(grown() + word(i - 16)));
      const choose = (e & f) ^ (wrap(~e) & g);
      const t1 = h + big(e, variant.big1) + choose + cut(CUBES[i] ?? 0n) + word(i);
      const t2 = big(a, variant.big0) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, wrap(d + t1), c, b, a, wrap(t1 + t2)];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => {
      state[i] = wrap((state[i] ?? 0n) + x);
    });
  }
  const out = new DataView(new ArrayBuffer(bytes * 8));
  state.forEach((x, i) => {
    if (bits === 64) out.setBigUint64(i * 8, x);
    else out.setUint32(i * 4, Number(x));
  });
  return new Uint8Array(out.buffer);
}

export const sha256 = (message: Uint8Array): Uint8Array<ArrayBuffer> => sha2(message, SHA256);
export const sha512 = (message: Uint8Array): Uint8Array<ArrayBuffer> => sha2(message, SHA512);
