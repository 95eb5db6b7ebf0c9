import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** Cells of the rows of one marked table of a page: `<!-- table: NAME -->` stands above it. */
export function tableOf(page: string, name: string): string[][] {
  const text = readFileSync(path.join(ROOT, page), "utf8");
  const from = text.indexOf(marker(name));
  if (from === -1) throw new RangeError(`${page} has no table ${name}`);
  const lines = text.slice(from).split("\n").slice(1);
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(2, end === -1 ? undefined : end).map(cellsOf);
}

/**
 * Writes a marked table anew when `ROLLCALL_WRITE_DOCS=1`, so that a change of the code is one command away from the
 * page. Columns beyond those given are kept by the row's first cells.
 */
export function refresh(
  page: string,
  name: string,
  rows: readonly (readonly string[])[],
  keyCells: number,
): void {
  if (process.env["ROLLCALL_WRITE_DOCS"] !== "1") return;
  const file = path.join(ROOT, page);
  const lines = readFileSync(file, "utf8").split("\n");
  const at = lines.indexOf(marker(name)) + 3;
  const after = lines.findIndex((line, i) => i >= at && !line.startsWith("|"));
  const key = (cells: readonly string[]): string => cells.slice(0, keyCells).join("|");
  const old = new Map(lines.slice(at, after).map((line) => [key(cellsOf(line)), cellsOf(line)]));
  const fresh = rows.map(
    (row) => `| ${[...row, ...(old.get(key(row)) ?? []).slice(row.length)].join(" | ")} |`,
  );
  writeFileSync(file, [...lines.slice(0, at), ...fresh, ...lines.slice(after)].join("\n"));
}

function marker(name: string): string {
  return `<!-- table: ${name} -->`;
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\|/, "")
    .replace(/\|$/, "")
    .split("|")
    .map((cell) => cell.trim());
}
