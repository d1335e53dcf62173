// Loaded into a program under test with --import: its wall clock, and that one only, is off by the
// milliseconds in the file CLOCK_FILE. Read at the start and at each SIGUSR2.
import { readFileSync } from "node:fs";

const Real = Date;
let off = 0;

function read() {
  off = Number(readFileSync(process.env.CLOCK_FILE, "utf8"));
}

globalThis.Date = class extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + off);
    else super(...args);
  }

  static now() {
    return Real.now() + off;
  }
};
read();
process.on("SIGUSR2", () => {
  read();
  process.stdout.write(`${JSON.stringify({ level: 30, msg: "clock set", off })}\n`);
});
