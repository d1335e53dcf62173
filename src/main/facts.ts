import { hostname } from "node:os";
import { pageUrl } from "../config/settings.ts";
import type { Supervisor } from "../host/supervisor.ts";
import { version } from "../lib/version.ts";
import type { HostInfo } from "../methods/services.ts";
import { OPENCLAW } from "../protocol/command.ts";
import type { GatewayNote } from "../protocol/note.ts";
import { publicCommand } from "../words/command.ts";
import type { Core } from "./core.ts";

/** What the process tells about itself. */
export class ServerFacts {
  listening: string[] = [];
  readonly notes: GatewayNote[] = [];
  /** What is so at the moment. */
  passing: () => readonly GatewayNote[] = () => [];

  constructor(
    private readonly core: Core,
    private readonly supervisor: Supervisor,
  ) {}

  info(): HostInfo {
    const { core, supervisor } = this;
    const isDeclared = (command: string) => this.#isDeclared(command);
    const notes = () => [...core.config.notes(isDeclared), ...this.notes, ...this.passing()];
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
      // A container's own name leads nowhere: its port is published on this machine.
      pageUrl: pageUrl(
        core.config.current,
        this.listening,
        core.isContainer ? "localhost" : hostname(),
      ),
      ...(core.config.mark !== undefined && { configMark: core.config.mark }),
      // They take work, and most callers ask for something else.
      get notes() {
        return notes();
      },
    };
  }

  /** Whether a node has the command, which then is no slip. */
  #isDeclared(command: string): boolean {
    const { sessions, state } = this.core.nodes;
    const has = (commands: readonly unknown[]) => commands.includes(command);
    for (const { facts } of sessions.all) if (has(facts.claims.commands)) return true;
    for (const { surface } of state.nodes.values()) {
      if (surface && has(surface.commands)) return true;
    }
    return false;
  }

  /** What the page shows before it is connected. No secrets. */
  about(): Record<string, unknown> {
    const { identity } = this.core.secretStore;
    const { name, sshTarget } = this.core.config.current.gateway;
    const command = publicCommand(this.core.command);
    return {
      ...(name !== undefined && { name }),
      ...(command !== OPENCLAW && { command }),
      ...(sshTarget !== undefined && { sshTarget }),
      version,
      deviceId: identity.deviceId,
      fingerprint: identity.fingerprint,
    };
  }
}
