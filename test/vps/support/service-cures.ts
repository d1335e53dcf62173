import { expect } from "vitest";
import type { Result } from "../../kit/outcome.ts";
import type { VpsGateway } from "../../kit/vps-gateway.ts";
import { STATE, UNIT } from "../../kit/vps-gateway.ts";
import { Reader, watching } from "./told.ts";

/** The situations in which the commands of a gateway and a node under systemd tell people what to type. */
export class ServiceCures {
  readonly #reader: Reader;

  constructor(private readonly gateway: VpsGateway) {
    this.#reader = new Reader(gateway.vps);
  }

  readonly #says = (line: string, user?: string): Promise<Result> =>
    this.#reader.does(line, user === undefined ? {} : { user });

  async #link(): Promise<string> {
    const [url = ""] = (await this.gateway.ok(["devices", "invite", "--role", "node"])).split("\n");
    return url;
  }

  /** The help and the unit of a node that is a service already, and what its installation says. */
  async nodeAsService(): Promise<void> {
    const help = await this.#says("openclaw connect --help");
    const asked = "openclaw connect - --install-service";
    const answers = { "setup code or address": await this.#link(), "Do it": "y" };
    const done = await this.#reader.types(help, asked, { answers });
    const log = "journalctl -u openclaw-node -f";
    await this.#reader.types(done, log, { until: "Connected to" });
    const unit = await this.#says("cat /etc/systemd/system/openclaw-node.service");
    const fill = { "<link>": `'${await this.#link()}'` };
    const again = "openclaw connect <link> --install-service";
    await this.#reader.types(unit, again, { fill, answers: { "Do it": "y" } });
    expect(await this.gateway.vps.property("openclaw-node", "ActiveState")).toBe("active");
  }

  /** Where systemd does not run, the node runs under something else. */
  async nodeWithoutSystemd(): Promise<void> {
    const { url } = this.gateway;
    const without = `mount -t tmpfs none /run/systemd && openclaw connect ${url} --install-service`;
    const refused = await this.#says(`unshare --mount sh -c '${without}'`);
    expect(refused.code).toBe(1);
    const run = `openclaw connect ${url}`;
    await this.#reader.types(refused, run, { until: "Waits for approval" });
    const { pending } = await this.gateway.json(["devices", "list"]);
    expect(pending).toHaveLength(1);
    await this.gateway.ok(["devices", "reject", pending[0].requestId]);
  }

  /** It is stopped, and is to stay so. */
  async stopped(): Promise<void> {
    await this.gateway.ok(["gateway", "stop"]);
    const away = await this.#says("openclaw health");
    await this.#reader.types(away, "systemctl start openclaw-gateway");
    expect((await this.#says("openclaw health")).code).toBe(0);
    await this.gateway.vps.ok(["systemctl", "enable", UNIT]);
    const ends = await this.#says("openclaw gateway stop --disable");
    await this.#reader.types(ends, "systemctl disable --now openclaw-gateway");
    expect(await this.gateway.property("ActiveState")).toBe("inactive");
    expect(await this.gateway.property("UnitFileState")).toBe("disabled");
    await this.gateway.start();
  }

  /** systemd does not do it: for lack of rights, or because the start fails. */
  async systemdRefuses(): Promise<void> {
    const { vps } = this.gateway;
    const pid = await this.gateway.mainPid();
    const denied = await this.#says("openclaw gateway restart", "openclaw-gateway");
    await this.#reader.types(denied, "sudo systemctl restart openclaw-gateway");
    expect(await this.gateway.mainPid()).not.toBe(pid);
    const folder = `/run/systemd/system/${UNIT}.d`;
    const input = "[Service]\nExecStartPre=+/bin/sh -c 'echo no such luck; exit 1'\n";
    await vps.ok(["mkdir", "-p", folder]);
    await vps.ok(["tee", `${folder}/fails.conf`], { input });
    await vps.ok(["systemctl", "daemon-reload"]);
    const failed = await this.#says("openclaw gateway restart");
    const log = "journalctl -u openclaw-gateway -n 50 --no-pager";
    expect((await this.#reader.types(failed, log)).stdout).toContain("no such luck");
    await vps.ok(["rm", "-r", folder]);
    await vps.ok(["systemctl", "daemon-reload"]);
    expect((await this.#says("openclaw gateway restart")).code).toBe(0);
  }

  /** Somebody may not read the journal, stopped or followed. */
  async journalThatIsNotRead(): Promise<void> {
    const follow = "openclaw logs --follow";
    const stop = "sleep 1; systemctl stop openclaw-gateway";
    const asService = `runuser -u openclaw-gateway -- ${follow}`;
    const followed = await this.#says(watching(asService, "next: ", stop));
    const newest = "sudo journalctl -u openclaw-gateway -n 50 --no-pager";
    expect((await this.#reader.types(followed, newest)).stdout).toContain("stopping");
    const once = await this.#says("openclaw logs", "ann");
    expect(once.code).toBe(1);
    const all = "sudo journalctl -u openclaw-gateway -n 200 --no-pager";
    expect((await this.#reader.types(once, all)).stdout).toContain("stopping");
    await this.gateway.start();
  }

  /** A line of the audit was changed in its file. */
  async changedAudit(): Promise<void> {
    const { vps } = this.gateway;
    const swap = (from: string, to: string) =>
      vps.ok(["sh", "-c", `sed -i '1s/${from}/${to}/' ${STATE}/audit/audit-*.jsonl`]);
    await swap('"event":"', '"event":"x');
    const found = await this.#says("openclaw audit verify");
    expect(found.code).toBe(1);
    const log = await this.#reader.types(found, "journalctl -u openclaw-gateway -g audit");
    expect(log.stdout).toContain('"audit":1,"event":"config.changed"');
    await swap('"event":"x', '"event":"');
    expect((await this.#says("openclaw audit verify")).code).toBe(0);
  }
}
