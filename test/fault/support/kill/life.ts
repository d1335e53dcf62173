import { setTimeout as pause } from "node:timers/promises";
import { AdminLink, GatewayRefusal } from "../../../../src/cli/reach/admin-link.ts";
import { RawClient } from "../../../kit/client.ts";
import { type GatewayProcess, type GatewayRun, PROCESS_TOKEN } from "../../../kit/process.ts";
import { until } from "../../../kit/until.ts";
import type { Entry, Ledger } from "./ledger.ts";

const auth = { token: PROCESS_TOKEN };
const scopes = ["operator.read"];
const NEWCOMERS_AT_ONCE = 3;
const LABELS_AT_ONCE = 200;
/** One of so many devices stays for good. */
const STAYS = 25;

interface Offer {
  readonly nodeId: string;
  readonly requestId: string;
}

const nodeOptions = {
  role: "node",
  client: { id: "node-host", mode: "node", platform: "linux" },
  params: { commands: ["system.which"] },
};

/** What is done beside devices that come and go. */
export interface Work {
  /** So many labels that the journal is rolled and its snapshot written. */
  readonly labels?: boolean;
  /** The gateway's name is changed in its configuration file, again and again. */
  readonly config?: boolean;
  /** A shared token is set, which is written to the document of keys. */
  readonly secret?: boolean;
  /** Nodes come in, and what they offer is granted by a link, or approved, or turned down. */
  readonly nodes?: "linked" | "approved" | "rejected";
  /** Devices are revoked when changes begin to be refused. */
  readonly revoke?: boolean;
  /** Nobody comes any more after a few: this work is about the rest. */
  readonly quiet?: boolean;
}

/** The work of clients and owner on one run of the gateway, until it ends. */
export class Life {
  #over = false;
  /** Changes that were acknowledged in this life. */
  done = 0;
  #owner: AdminLink | undefined;

  constructor(
    private readonly gateway: GatewayProcess,
    private readonly ledger: Ledger,
    private readonly work: Work = {},
  ) {}

  /** Starts to work; resolves when the gateway has ended and everybody has noticed. */
  async live(run: GatewayRun, end: () => Promise<void> | void): Promise<void> {
    this.#owner = await AdminLink.open(this.gateway.adminSocket);
    const rest = [...this.ledger.entries.values()].filter(({ sure }) => sure === "pending");
    const { labels, config, secret, revoke, nodes } = this.work;
    const jobs = [
      ...Array.from({ length: NEWCOMERS_AT_ONCE }, () => this.#newcomers()),
      this.#follow(rest),
      ...(labels ? [this.#labels()] : []),
      ...(config ? [this.#config()] : []),
      ...(revoke ? [this.#revocations()] : []),
      ...(secret ? [this.#secret()] : []),
      ...(nodes ? [this.#nodes(nodes)] : []),
    ];
    try {
      await until(() => this.done > 2 || run.exited, "the first changes");
      await end();
      await until(
        () => run.exited,
        () => `the end of ${run.output.slice(-500)}`,
      );
    } finally {
      this.#over = true;
      await Promise.all(jobs);
      await this.#owner.close();
    }
  }

  get #owns(): AdminLink {
    if (!this.#owner) throw new Error("nobody lives yet");
    return this.#owner;
  }

  /** Repeats `act` until the gateway has ended. */
  async #repeat(act: () => Promise<void>): Promise<void> {
    while (!this.#over) {
      await act().then(
        () => {
          this.done += 1;
        },
        async (error: unknown) => {
          if (error instanceof GatewayRefusal) this.ledger.surprises.push(error.message);
          await pause(2);
        },
      );
    }
  }

  #newcomers(): Promise<void> {
    return this.#repeat(async () => {
      if (this.work.quiet && this.done > 4) return pause(5);
      await this.#story(this.ledger.newcomer());
    });
  }

  /** Goes on with the devices whose request a kill left open. */
  async #follow(rest: readonly Entry[]): Promise<void> {
    for (const entry of rest) await this.#decide(entry).catch(() => undefined);
  }

  async #story(entry: Entry): Promise<void> {
    await this.#ask(entry);
    await this.#decide(entry);
  }

  async #ask(entry: Entry): Promise<void> {
    await this.ledger.change(entry, "pending", async () => {
      const client = await RawClient.open(this.gateway.url);
      try {
        const { error } = await client.connect({ device: entry.device, auth, scopes });
        if (error.code === "UNAVAILABLE") throw new GatewayRefusal(error);
        entry.code = error.details.requestId;
        return {};
      } finally {
        client.close();
      }
    });
  }

  async #decide(entry: Entry): Promise<void> {
    const { deviceId } = entry.device;
    const { ledger } = this;
    const requestId = entry.code;
    const dice = Math.floor(Math.random() * STAYS);
    if (dice % 3 === 1) {
      return ledger.change(entry, "absent", () =>
        this.#request("device.pair.reject", { requestId }),
      );
    }
    await this.#approve(entry);
    if (dice === 0) return;
    if (dice % 3 === 2) {
      await this.#revoke(entry);
    }
    await ledger.change(entry, "absent", () => this.#request("device.pair.remove", { deviceId }));
  }

  async #approve(entry: Entry): Promise<void> {
    const requestId = entry.code;
    await this.ledger.change(entry, "paired", () =>
      this.#request("device.pair.approve", { requestId }),
    );
  }

  async #revoke(entry: Entry): Promise<void> {
    const { deviceId } = entry.device;
    await this.ledger.change(entry, "revoked", () =>
      this.#request("device.token.revoke", { deviceId, role: "operator" }),
    );
  }

  #request(method: string, params: object): Promise<{ durable?: boolean }> {
    return this.#owns.request(method, params) as Promise<{ durable?: boolean }>;
  }

  async #revocations(): Promise<void> {
    const entry = this.ledger.newcomer();
    await this.#ask(entry);
    await this.#approve(entry);
    await until(() => this.#over || this.ledger.surprises.length > 0, "a refusal");
    if (!this.#over) await this.#revoke(entry).catch(() => undefined);
  }

  /** Each label writes the whole record of its device once more. */
  async #labels(): Promise<void> {
    const deviceId = this.ledger.labelled?.device.deviceId;
    await this.#repeat(async () => {
      const label = () =>
        this.ledger.count(this.ledger.label, (value) =>
          this.#owns.request("device.pair.rename", { deviceId, label: `n${value}` }),
        );
      await Promise.all(Array.from({ length: LABELS_AT_ONCE }, label));
    });
  }

  #config(): Promise<void> {
    return this.#repeat(() =>
      this.ledger.count(this.ledger.name, (value) =>
        this.#owns.request("host.config.set", { path: "gateway.name", value: `n${value}` }),
      ),
    );
  }

  #nodes(how: NonNullable<Work["nodes"]>): Promise<void> {
    let before: Entry | undefined;
    return this.#repeat(async () => {
      const entry = this.ledger.newcomer();
      const linked = how === "linked";
      const client = linked ? await this.#linkedNode(entry) : await this.#approvedNode(entry);
      if (!linked) await this.#decideOffer(entry, how === "approved" ? "approve" : "reject");
      client.close();
      // The last one stays, so that a kill finds it.
      const old = before;
      before = entry;
      if (old) await this.#remove(old);
    });
  }

  async #linkedNode(entry: Entry): Promise<RawClient> {
    const made = await this.#request("device.pair.invite", { role: "node" });
    const { secret } = made as { secret?: string };
    let client: RawClient | undefined;
    await this.ledger.change(entry, "paired", async () => {
      client = await this.#asNode(entry, { bootstrapToken: secret ?? "" });
      return {};
    });
    if (!client) throw new Error("no node came in");
    return client;
  }

  async #approvedNode(entry: Entry): Promise<RawClient> {
    await this.ledger.change(entry, "pending", async () => {
      const client = await RawClient.open(this.gateway.url);
      const { error } = await client.connect({ ...nodeOptions, device: entry.device, auth });
      client.close();
      entry.code = error.details.requestId;
      return {};
    });
    await this.#approve(entry);
    return this.#asNode(entry, auth);
  }

  async #asNode(entry: Entry, by: Record<string, string>): Promise<RawClient> {
    const client = await RawClient.open(this.gateway.url);
    const { ok, error } = await client.connect({ ...nodeOptions, device: entry.device, auth: by });
    if (!ok) throw new Error(`a node was refused: ${error.message}`);
    return client;
  }

  /** What a node offers waits under a code of its own. */
  async #decideOffer({ device }: Entry, verb: "approve" | "reject"): Promise<void> {
    const { deviceId } = device;
    const code = await until(async () => {
      const list = (await this.#request("node.pair.list", {})) as { pending?: Offer[] };
      return list.pending?.find(({ nodeId }) => nodeId === deviceId)?.requestId;
    }, "what the node offers");
    this.ledger.offered.set(code, deviceId);
    await this.#request(`node.pair.${verb}`, { requestId: code });
    this.ledger.acknowledged += 1;
  }

  async #remove(entry: Entry): Promise<void> {
    const { deviceId } = entry.device;
    await this.ledger.change(entry, "absent", () =>
      this.#request("device.pair.remove", { deviceId }),
    );
  }

  /** The same token: what is written is another hash of it. */
  #secret(): Promise<void> {
    const params = { kind: "token", secret: PROCESS_TOKEN };
    return this.#repeat(() => this.#owns.request("host.secret.set", params) as Promise<void>);
  }
}
