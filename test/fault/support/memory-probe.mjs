// Loaded into a gateway under test with --expose-gc --import: on SIGUSR2 it collects garbage and
// prints how much memory is in use, as a line of the gateway's own log format.
process.on("SIGUSR2", () => {
  for (let i = 0; i < 3; i += 1) globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const polluted = Object.getOwnPropertyNames(Object.prototype).includes("polluted");
  const line = { level: 30, msg: "memory", heapUsed, external, rss, polluted };
  process.stdout.write(`${JSON.stringify(line)}\n`);
});
