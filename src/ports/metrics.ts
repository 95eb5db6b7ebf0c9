/** Labels of one sample. Their values are bounded sets: ids of the configuration, codes, never ids of messages. */
export type Labels = Readonly<Record<string, string>>;

/** The counters of the gateway. Names are given without the `rollcall_` prefix; every metric is declared in one list. */
export interface Metrics {
  count(name: string, labels?: Labels, by?: number): void;
  gauge(name: string, value: number, labels?: Labels): void;
  /** Replaces every sample of a gauge: what is no longer named is gone, instead of standing still at its last value. */
  gauges(name: string, samples: readonly { readonly value: number; readonly labels: Labels }[]): void;
  /** Observes seconds. */
  observe(name: string, seconds: number, labels?: Labels): void;
  /** Called before each scrape, to fill gauges that are computed from live state. */
  onScrape(fill: () => Promise<void>): void;
  /** The Prometheus text format. */
  render(): Promise<{ contentType: string; text: string }>;
}
