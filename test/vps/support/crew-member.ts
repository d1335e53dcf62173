import { Reference, ReferenceDevice } from "../../kit/reference.ts";
import type { CrewOrder, CrewReport } from "./crew.ts";

// The crew's own process: the reference client, on a computer that knows the machine by its name and
// trusts the authority that signed its certificate.

const JOINING_AT_ONCE = 32;
const clients: Reference[] = [];

function start({ url = "", bootstrapToken, token }: CrewOrder): Reference {
  const client = Reference.start(url, {
    device: new ReferenceDevice(),
    scopes: ["operator.read"],
    forgetsEvents: true,
    ...(bootstrapToken === undefined ? {} : { bootstrapToken }),
    ...(token === undefined ? {} : { token }),
  });
  clients.push(client);
  return client;
}

async function join(order: CrewOrder): Promise<void> {
  let left = order.clients ?? 1;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      await start(order).hello();
    }
  };
  await Promise.all(Array.from({ length: JOINING_AT_ONCE }, one));
}

function report(): CrewReport {
  const counts: Record<string, number> = {};
  const add = (key: string) => {
    counts[key] = (counts[key] ?? 0) + 1;
  };
  for (const { closes, refusals } of clients) {
    for (const { code, reason } of closes) add(`${code} ${reason}`.trim());
    for (const { message } of refusals) add(message);
  }
  const { closes = [], refusals = [] } = clients[0] ?? {};
  const first = refusals[0] as unknown as { details?: { requestId?: string } } | undefined;
  return {
    clients: clients.length,
    hellos: clients.map(({ hellos }) => hellos.length),
    paused: clients.reduce((sum, { paused }) => sum + paused.length, 0),
    ends: counts,
    ...(closes[0] ? { firstClose: closes[0] } : {}),
    ...(first?.details?.requestId ? { requestId: first.details.requestId } : {}),
  };
}

/** Everyone is asked for something that only a connected client gets an answer to. */
async function ask(): Promise<void> {
  await Promise.all(clients.map((client) => client.request("system-presence", {})));
}

async function obey(order: CrewOrder): Promise<void> {
  if (order.what === "join") await join(order);
  if (order.what === "connect") start(order);
  if (order.what === "ask") await ask();
  if (order.what === "forget") {
    for (const { closes, refusals } of clients) {
      closes.length = 0;
      refusals.length = 0;
    }
  }
}

process.on("message", (order: CrewOrder) => {
  obey(order).then(
    () => process.send?.({ report: report() }),
    (error: Error) => process.send?.({ error: error.message, report: report() }),
  );
});
process.on("disconnect", () => process.exit(0));
