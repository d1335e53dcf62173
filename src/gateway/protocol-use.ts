import { cleanText } from "../lib/text.ts";
import type { Limits } from "../limits/table.ts";
import type { Actor } from "../protocol/access.ts";
import { SERVER_PROTOCOL, type SpokenProtocol, spokenProtocols } from "../protocol/versions.ts";
import type { ConnectParams } from "./connect-params.ts";
import type { Connection } from "./connection.ts";

/** How many speak one version of the protocol. */
export interface ProtocolCount {
  /** Connections that are ready now. */
  readonly connected: number;
  /** Connects that were admitted since the start. */
  readonly admitted: number;
}

/** A client that speaks an older version than the newest, as it calls itself. */
export interface OlderClient {
  readonly protocol: SpokenProtocol;
  readonly clientId: string;
  readonly clientMode: string;
  readonly version?: string | undefined;
  readonly platform?: string | undefined;
  readonly displayName?: string | undefined;
  readonly deviceId?: string | undefined;
  /** Its connections now. */
  readonly connected: number;
  /** When it came last, in milliseconds since the epoch. */
  readonly lastConnectMs: number;
}

interface Admitted {
  readonly actor: Pick<Actor, "deviceId">;
  readonly params: Pick<ConnectParams, "client">;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Counts the versions of the protocol that are spoken since the start, and names the clients that speak an
 * older one: `limits.olderClients` at most, past which the client that came longest ago goes.
 */
export class ProtocolUse {
  readonly #counts = new Map<SpokenProtocol, { connected: number; admitted: number }>(
    spokenProtocols.map((one) => [one, { connected: 0, admitted: 0 }]),
  );
  /** By device, or else by program and version; who came last stands last. */
  readonly #older = new Map<string, OlderClient>();
  /** The row of each connection that speaks an older version. */
  readonly #rows = new Map<Connection, string>();

  constructor(private readonly limits: Pick<Limits, "olderClients">) {}

  /** A connection was admitted that speaks `connection.protocol`. */
  admitted(connection: Connection, { actor, params, now }: Admitted): void {
    const { protocol } = connection;
    this.#count(protocol, 1);
    if (protocol === SERVER_PROTOCOL) return;
    const { client } = params;
    const version = cleanText(client.version);
    const key = actor.deviceId ?? `${client.id} ${client.mode} ${version}`;
    const row: OlderClient = {
      protocol,
      clientId: client.id,
      clientMode: client.mode,
      version,
      platform: cleanText(client.platform),
      displayName: cleanText(client.displayName),
      deviceId: actor.deviceId,
      connected: (this.#older.get(key)?.connected ?? 0) + 1,
      lastConnectMs: now,
    };
    this.#rows.set(connection, key);
    this.#older.delete(key);
    this.#older.set(key, row);
    const [first] = this.#older.keys();
    if (this.#older.size > this.limits.olderClients && first !== undefined)
      this.#older.delete(first);
  }

  /** A connection that was admitted has ended. */
  left(connection: Connection): void {
    this.#count(connection.protocol, -1);
    const key = this.#rows.get(connection);
    if (key === undefined) return;
    this.#rows.delete(connection);
    const row = this.#older.get(key);
    // A row that went and came again counts only those since.
    if (row && row.connected > 0) this.#older.set(key, { ...row, connected: row.connected - 1 });
  }

  #count(protocol: SpokenProtocol, change: 1 | -1): void {
    const count = this.#counts.get(protocol);
    if (!count) return;
    count.connected += change;
    if (change > 0) count.admitted += 1;
  }

  get counts(): ReadonlyMap<SpokenProtocol, ProtocolCount> {
    return this.#counts;
  }

  /** Who speaks an older version, or did since the start; who came last stands last. */
  get older(): OlderClient[] {
    return [...this.#older.values()];
  }
}
