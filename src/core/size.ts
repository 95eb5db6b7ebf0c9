/** A number of bytes. */
export type Bytes = number;

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** Reads a size such as `"8MiB"`. Returns undefined for anything else, so that the caller can name the key. */
export function parseSize(text: string): Bytes | undefined {
  const match = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/.exec(text.trim());
  const unit = UNITS[match?.[2] ?? ""];
  return match?.[1] === undefined || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
}

/** Writes a size in the largest unit that leaves a whole part, with one digit behind the point: `1.5 MiB`. */
export function formatSize(bytes: Bytes): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, one]) => bytes >= one) ?? ["B", 1];
  return `${Math.round((bytes / size) * 10) / 10} ${unit}`;
}
