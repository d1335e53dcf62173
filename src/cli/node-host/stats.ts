import { statfsSync } from "node:fs";
import { availableParallelism, freemem, loadavg, totalmem } from "node:os";

/** How this machine is, in the shape of the event `node.host.stats`. Bytes. */
export function hostStats(): Record<string, unknown> {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  const total = totalmem();
  return {
    cpuCount: availableParallelism(),
    loadAverage: [one, five, fifteen],
    memoryTotalBytes: total,
    memoryFreeBytes: Math.min(freemem(), total),
    ...diskStats(),
  };
}

function diskStats(): Record<string, number> {
  try {
    const { blocks, bavail, bsize } = statfsSync("/");
    const diskTotalBytes = blocks * bsize;
    return { diskTotalBytes, diskAvailableBytes: Math.min(bavail * bsize, diskTotalBytes) };
  } catch {
    return {};
  }
}
