import { hostname } from "node:os";
import type { Supervisor } from "../host/supervisor.ts";
import { version } from "../lib/version.ts";
import type { HostInfo } from "../methods/services.ts";
import type { Core } from "./core.ts";

/** What the process tells about itself. */
export class ServerFacts {
  listening: string[] = [];
  readonly warnings: string[] = [];

  constructor(
    private readonly core: Core,
    private readonly supervisor: Supervisor,
  ) {}

  info(): HostInfo {
    const { core, supervisor } = this;
    return {
      pid: process.pid,
      version,
      startedAtMs: core.startedAtMs,
      uptimeMs: core.uptimeMs(),
      supervisor: supervisor.kind,
      ...(supervisor.unit !== undefined && { unit: supervisor.unit }),
      listening: this.listening,
      stateDir: core.stateDir,
      configPath: core.config.path,
      adminSocket: core.adminSocket,
      pageUrl: this.#pageUrl(),
      warnings: [...core.config.warnings, ...this.warnings],
    };
  }

  /** Where a person opens our page: a web app of `dashboard.root` has the root for itself. */
  #pageUrl(): string {
    const { root } = this.core.config.current.dashboard;
    return root === undefined ? this.#ownUrl() : `${this.#ownUrl()}pair/`;
  }

  /** The public URL, else the address this listens on. */
  #ownUrl(): string {
    const { publicUrl, port } = this.core.config.current.gateway;
    if (publicUrl !== undefined) return publicUrl.endsWith("/") ? publicUrl : `${publicUrl}/`;
    const [first] = this.listening.filter((where) => where.startsWith("http://"));
    return `${(first ?? `http://127.0.0.1:${port}`).replace("//0.0.0.0", `//${hostname()}`)}/`;
  }

  about(): Record<string, unknown> {
    const { identity } = this.core.secretStore;
    const { name, sshTarget } = this.core.config.current.gateway;
    return {
      ...(name !== undefined && { name }),
      ...(sshTarget !== undefined && { sshTarget }),
      version,
      deviceId: identity.deviceId,
      fingerprint: identity.fingerprint,
    };
  }
}
