/** A message between gateways: plain JSON. */
export type BusMessage = unknown;

/**
 * What gateways that serve one state tell each other besides the state's own log: events, presence, calls.
 * At most once, without acknowledgement: what must not be lost goes through the log.
 */
export interface Bus {
  /** Tells all other gateways, and does not wait for them. */
  publish(topic: string, message: BusMessage): void;
  /**
   * Calls `receive` with each message on `topic` that another gateway published, and with its name. Returns
   * how to stop.
   */
  on(topic: string, receive: (message: BusMessage, from: string) => void): () => void;
  /**
   * Asks one other gateway by its name and resolves with its answer.
   * @throws NoSuchGateway where none of that name is there
   */
  call(gateway: string, method: string, params: BusMessage): Promise<BusMessage>;
  /** Answers the calls of other gateways to `method`; one answerer a method. Returns how to stop. */
  serve(
    method: string,
    answer: (params: BusMessage, from: string) => Promise<BusMessage>,
  ): () => void;
  close(): Promise<void>;
}

/** A call on the bus named a gateway that is not there. */
export class NoSuchGateway extends Error {
  override readonly name = "NoSuchGateway";

  constructor(readonly gateway: string) {
    super(`no gateway is called ${gateway}`);
  }
}

/** The bus of a gateway that is alone: there is no other to hear or to be heard. */
export class LocalBus implements Bus {
  publish(): void {}

  on(): () => void {
    return () => {};
  }

  /** @throws NoSuchGateway always */
  async call(gateway: string): Promise<never> {
    throw new NoSuchGateway(gateway);
  }

  serve(): () => void {
    return () => {};
  }

  async close(): Promise<void> {}
}
