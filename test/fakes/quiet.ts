import type { GatewayEvent } from "../../src/ports/events.ts";
import type { Log } from "../../src/ports/log.ts";
import type { Metrics } from "../../src/ports/metrics.ts";

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log that keeps its lines. */
export function keepLog(lines: LogLine[] = []): Log {
  const at =
    (level: string) =>
    (event: string, fields: Readonly<Record<string, unknown>>): void =>
      void lines.push({ level, event, fields });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
    child: () => keepLog(lines),
  };
}

export const noMetrics: Metrics = {
  count: () => {},
  gauge: () => {},
  gauges: () => {},
  observe: () => {},
  onScrape: () => {},
  render: async () => ({ contentType: "text/plain", text: "" }),
};

/** Events that are kept. */
export function keepEvents(kept: GatewayEvent[] = []): {
  publish(event: GatewayEvent): void;
  subscribe(): () => void;
  since(): [];
} {
  return { publish: (event) => void kept.push(event), subscribe: () => () => {}, since: () => [] };
}
