import { statfs } from "node:fs/promises";
import * as os from "node:os";
import { usableMemory } from "../limits/usable-memory.ts";

/** The machine that a gateway runs on (`system.info` of the protocol). */
export interface MachineFacts {
  readonly hostname: string;
  readonly platform: string;
  readonly release: string;
  readonly arch: string;
  readonly osLabel: string;
  readonly nodeVersion: string;
  readonly cpuCount: number;
  readonly cpuModel?: string;
  readonly loadAverage: readonly number[];
  readonly memoryTotalBytes: number;
  readonly memoryFreeBytes: number;
  readonly diskTotalBytes?: number;
  readonly diskAvailableBytes?: number;
  readonly diskPath?: string;
}

/** Reads the machine's figures; `folder` names the disk that counts. */
export async function machineFacts(folder: string): Promise<MachineFacts> {
  const cpus = os.cpus();
  const cpuModel = cpus[0]?.model.trim();
  const disk = await statfs(folder).catch(() => undefined);
  return {
    hostname: os.hostname(),
    platform: os.platform(),
    release: os.release(),
    arch: os.arch(),
    osLabel: `${os.type()} ${os.release()} (${os.arch()})`,
    nodeVersion: process.versions.node,
    cpuCount: cpus.length,
    ...(cpuModel && { cpuModel }),
    loadAverage: os.loadavg(),
    memoryTotalBytes: usableMemory(),
    memoryFreeBytes: Math.min(os.freemem(), process.availableMemory?.() ?? os.freemem()),
    ...(disk && {
      diskTotalBytes: disk.blocks * disk.bsize,
      diskAvailableBytes: disk.bavail * disk.bsize,
      diskPath: folder,
    }),
  };
}
