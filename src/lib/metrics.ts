import type { Metric, Registry } from "prom-client";
import { type Durations, durationBounds } from "./durations.ts";

export type Labels = Readonly<Record<string, string>>;

/** One value, with labels or without. */
export function sample(value: number, labels: Labels = {}): Sample {
  return { labels, value };
}

/** One value of a metric. */
export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

/** Durations under one set of labels. */
export interface DurationSample {
  readonly labels?: Labels;
  readonly durations: Durations;
}

/** A metric and how its values are read. Nothing is read before all metrics are asked for. */
export type MetricSpec = { readonly name: string; readonly help: string } & (
  | {
      readonly type: "counter" | "gauge";
      readonly read: () => Iterable<Sample> | Promise<Iterable<Sample>>;
    }
  | { readonly type: "histogram"; readonly read: () => Iterable<DurationSample> }
);

interface Row {
  readonly metricName?: string;
  readonly labels: Record<string, string | number>;
  readonly value: number;
}

/** All metrics as Prometheus reads them. What writes them is loaded when they are first asked for. */
export class Metrics {
  #registry: Registry | undefined;

  constructor(private readonly specs: readonly MetricSpec[]) {}

  async text(): Promise<{ type: string; text: string }> {
    const registry = this.#registry ?? (await this.#load());
    return { type: registry.contentType, text: await registry.metrics() };
  }

  async #load(): Promise<Registry> {
    const { default: client } = await import("prom-client");
    const registry = new client.Registry();
    for (const spec of this.specs) {
      const { name, help, type } = spec;
      // The counters live elsewhere; prom-client's own would need a copy of each number.
      const metric = { name, get: async () => ({ name, help, type, values: await rowsOf(spec) }) };
      registry.registerMetric(metric as unknown as Metric);
    }
    this.#registry = registry;
    return registry;
  }
}

async function rowsOf(spec: MetricSpec): Promise<Row[]> {
  if (spec.type === "histogram") {
    return [...spec.read()].flatMap((one) => bucketRows(spec.name, one));
  }
  return [...(await spec.read())].map(({ labels = {}, value }) => ({ labels, value }));
}

/** A histogram's rows: counts up to each bound in seconds, their sum, how many there are. */
function bucketRows(name: string, { labels = {}, durations }: DurationSample): Row[] {
  let below = 0;
  const buckets = durations.counts.map((count, at) => {
    below += count;
    const bound = durationBounds[at];
    const le = bound === undefined ? "+Inf" : bound / 1000;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: durations.totalMs / 1000 },
    { metricName: `${name}_count`, labels, value: durations.count },
  ];
}
