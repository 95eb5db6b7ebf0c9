import os from "node:os";
import process from "node:process";
import type { Measure, Summary } from "./stats.ts";

/** What a reader must know to compare two runs; nothing that names the machine or its owner. */
export interface MachineFacts {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryMB: number;
  readonly platform: string;
  readonly kernel: string;
  readonly node: string;
}

export function machineFacts(): MachineFacts {
  const cpus = os.cpus();
  return {
    cores: cpus.length,
    cpu: cpus[0]?.model.trim() ?? "unknown",
    memoryMB: Math.round(os.totalmem() / 1e6),
    platform: `${process.platform} ${process.arch}`,
    kernel: os.release(),
    node: process.version,
  };
}

/** @param sides what stands in the two columns */
export function table(
  measures: readonly Measure[],
  sides: readonly [string, string] = ["gateway", "floor"],
): string {
  const rows = [
    ["measure", "unit", sides[0], "p95", sides[1], "p95", "ratio", "of rounds"],
    ...measures.map((m) => [
      m.name,
      m.unit,
      ...cells(m.gateway),
      ...cells(m.floor),
      ratio(m.ratio),
      spread(m.spread),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}

function cells(summary: Summary | null): [string, string] {
  return summary === null ? ["–", "–"] : [figure(summary.median), figure(summary.p95)];
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function ratio(value: number | null): string {
  return value === null ? "–" : `${value.toFixed(2)}×`;
}

function spread(value: readonly [number, number] | null): string {
  return value === null ? "–" : `${value[0].toFixed(2)}–${value[1].toFixed(2)}`;
}
