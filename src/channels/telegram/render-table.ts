import type { Tokens } from "marked";

/** Widest that a column is made; longer cells stand out of it. In columns. */
const WIDEST = 40;

/** A table in monospace: cells padded to their column, a line below the head. */
export function renderTable(table: Tokens.Table, cellText: (cell: Tokens.TableCell) => string): string {
  const rows = [table.header, ...table.rows].map((row) =>
    row.map((cell) => cellText(cell).replace(/\s+/g, " ").trim()),
  );
  const widths = table.header.map((_, column) =>
    Math.min(WIDEST, Math.max(1, ...rows.map((row) => columns(row[column] ?? "")))),
  );
  const lines = rows.map((row) =>
    widths
      .map((width, column) => pad(row[column] ?? "", width, table.align[column] ?? null))
      .join(" | ")
      .trimEnd(),
  );
  const [head = "", ...body] = lines;
  return [head, widths.map((width) => "-".repeat(width)).join("-+-"), ...body].join("\n");
}

function pad(text: string, width: number, align: "left" | "right" | "center" | null): string {
  const room = Math.max(0, width - columns(text));
  if (align === "right") return " ".repeat(room) + text;
  if (align === "center") return " ".repeat(Math.floor(room / 2)) + text + " ".repeat(Math.ceil(room / 2));
  return text + " ".repeat(room);
}

/** Columns that a text takes in a monospace font: wide scripts and emoji take two, joined marks none. */
function columns(text: string): number {
  let count = 0;
  for (const character of text) {
    if (/\p{M}|\u{200D}|\u{FE0F}/u.test(character)) continue;
    count +=
      /[\p{Emoji_Presentation}\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\uFF01-\uFF60]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return count;
}
