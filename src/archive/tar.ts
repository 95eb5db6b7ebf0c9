import { Buffer } from "node:buffer";

/**
 * One file in the format of POSIX tar (ustar, with pax headers where a name or a size needs it), as any tar reads it:
 * pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
 */
export interface TarFile {
  /** Parts with slashes between them. */
  readonly name: string;
  readonly bytes: number;
  /** In seconds. */
  readonly changedAt: number;
}

/** Headers and contents are padded to multiples of this. */
export const TAR_BLOCK = 512;
const LONGEST_NAME = 100;
/** Eleven octal digits. */
const LARGEST = 8 ** 11 - 1;

/** What stands before a file's content. */
export function tarHeader(file: TarFile): Buffer {
  const records: string[] = [];
  const name = Buffer.from(file.name);
  const plain = name.length <= LONGEST_NAME && /^[\x20-\x7e]+$/.test(file.name);
  if (!plain) records.push(paxRecord("path", file.name));
  if (file.bytes > LARGEST) records.push(paxRecord("size", String(file.bytes)));
  const header = ustar({ ...file, name: plain ? file.name : "long-name" }, "0");
  if (records.length === 0) return header;
  const body = Buffer.from(records.join(""));
  const extension = ustar({ name: "pax-header", bytes: body.length, changedAt: file.changedAt }, "x");
  return Buffer.concat([extension, body, padding(body.length), header]);
}

/** What follows a content of this size. */
export function padding(bytes: number): Buffer {
  return Buffer.alloc((TAR_BLOCK - (bytes % TAR_BLOCK)) % TAR_BLOCK);
}

/** What stands at the end. */
export const TAR_END: Buffer = Buffer.alloc(2 * TAR_BLOCK);

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function ustar({ name, bytes, changedAt }: TarFile, type: "0" | "x"): Buffer {
  const block = Buffer.alloc(TAR_BLOCK);
  const octal = (value: number, at: number, width: number): void =>
    void block.write(value.toString(8).padStart(width - 1, "0"), at, "latin1");
  block.write(name, 0, "utf8");
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(Math.min(bytes, LARGEST), 124, 12);
  octal(Math.max(0, Math.floor(changedAt)), 136, 12);
  block.write("        ", 148, "latin1");
  block.write(type, 156, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  block.write(`${sumOf(block).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

function sumOf(block: Buffer): number {
  return block.reduce((sum, byte) => sum + byte, 0);
}

/** A header as it is read back; null for the end. */
export type ReadHeader = { readonly type: string; readonly name: string; readonly bytes: number } | null;

/** Reads one header. @throws RangeError when it isn't one */
export function readHeader(block: Buffer): ReadHeader {
  if (block.every((byte) => byte === 0)) return null;
  const text = (at: number, width: number): string =>
    block.toString("utf8", at, at + width).split("\0")[0] ?? "";
  const number = (at: number, width: number): number => {
    const digits = text(at, width).trim();
    if (!/^[0-7]+$/.test(digits)) throw new RangeError("a header is damaged");
    return Number.parseInt(digits, 8);
  };
  const blank = Buffer.from(block);
  blank.fill(" ", 148, 156);
  if (text(257, 6) !== "ustar" || number(148, 8) !== sumOf(blank))
    throw new RangeError("a header is damaged");
  return { type: text(156, 1), name: text(0, LONGEST_NAME), bytes: number(124, 12) };
}

/** The records of a pax header, by key. @throws RangeError */
export function readPax(body: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(" ", at);
    const length = Number(body.toString("latin1", at, space));
    const record = body.toString("utf8", space + 1, at + length - 1);
    const mark = record.indexOf("=");
    if (space === -1 || !(length > 0) || mark === -1) throw new RangeError("a header is damaged");
    records.set(record.slice(0, mark), record.slice(mark + 1));
    at += length;
  }
  return records;
}
