import { addressWords, quotedName } from "../../../words/device.ts";
import { keyWords } from "../../../words/key.ts";
import { askWords, deviceOf, type RequestRow } from "../../../words/request-kinds.ts";
import { type Context, jsonLine } from "../../kit/context.ts";
import { clientKind, shown } from "../../kit/words.ts";
import { Feed, opener } from "./feed.ts";
import { follow, type News, type Why, whyWords } from "./requests.ts";

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** A line for every request and every decision, as it happens, until a signal or the gateway ends it. */
export async function watchInLines(context: Context): Promise<void> {
  const printer = new Printer(context);
  const feed = new Feed(opener(context), (news) => printer.print(news));
  const stop = () => void feed.close();
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    await feed.run();
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
    await feed.close();
  }
}

/** Turns news into lines; with `--json` into one object a line. */
export class Printer {
  #rows: readonly RequestRow[] = [];
  #away = false;
  #first = true;

  constructor(private readonly context: Context) {}

  print(news: News): void {
    if (news.on === "away") this.#gateway("away", "the gateway went away; waiting for it");
    else if (this.#away) this.#gateway("back", "the gateway is back");
    this.#away = news.on === "away";
    const { rows, came, went } = follow(this.#rows, news);
    this.#rows = rows;
    for (const { row, why } of went) this.#went(row, why);
    for (const row of came) this.#came(row, this.#first ? "waiting" : "asked");
    if (this.#first && rows.length === 0 && !this.context.options.json) {
      this.context.io.err("Nobody waits for approval yet.");
    }
    this.#first = false;
  }

  #gateway(event: "away" | "back", words: string): void {
    const { io, options } = this.context;
    if (options.json) io.data(jsonLine({ event, ts: io.now() }));
    else io.err(words);
  }

  #came(row: RequestRow, event: "waiting" | "asked"): void {
    const { io, options } = this.context;
    if (options.json) return io.data(jsonLine({ event, ...row }));
    this.#line(row, `${event === "waiting" ? "waits" : "asks"}: ${rowWords(row)}`);
  }

  #went(row: RequestRow, why: Why): void {
    const { io, options } = this.context;
    const { requestId, deviceId = row.nodeId } = row;
    if (options.json) {
      return io.data(jsonLine({ event: "resolved", requestId, deviceId, why, ts: io.now() }));
    }
    this.#line(row, whyWords(why).replace(" elsewhere", ""));
  }

  #line(row: RequestRow, words: string): void {
    const { io } = this.context;
    const time = new Date(io.now()).toISOString().replace(/\.\d+Z$/, "Z");
    io.out(`${time} ${shown(row.requestId)} ${words}`);
  }
}

/** All that a decision rests on, in one line. */
function rowWords(row: RequestRow): string {
  const device = deviceOf(row);
  const { asks, has, new: fresh } = askWords(row);
  return [
    `${quotedName(device)} (${clientKind(device)})`,
    `from ${addressWords(row.remoteIp)}`,
    `for ${asks}`,
    ...(fresh === undefined ? [] : [`(has now: ${has}; new: ${fresh})`]),
    `key ${keyWords(device.deviceId)}`,
  ].join(" ");
}

/** The time of day here, `12:03:11`. */
export function clockWords(ms: number): string {
  const time = new Date(ms);
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
