import type { Bytes } from "../core/size.ts";

/** Format of the archive. A reader refuses any other. */
const FORMAT = 1;

/** Where things stand in the archive. */
export const PLACES = {
  manifest: "manifest.json",
  store: "store.db",
  attachments: "attachments/",
  records: "sessions/",
  config: "config/",
  token: "secrets/token",
} as const;

/** One file of the archive. */
export interface ArchivedFile {
  readonly name: string;
  readonly bytes: Bytes;
  /** Of its content, in hex. */
  readonly sha256: string;
}

/** The record of a harness's session. */
export interface ArchivedRecord {
  readonly name: string;
  readonly harness: string;
  readonly native: string;
  /** Where it stood, absolute. */
  readonly path: string;
}

/** What an archive says of itself, as its last file. */
export interface Manifest {
  readonly format: number;
  /** Of the program that wrote it. */
  readonly version: string;
  /** ISO 8601. */
  readonly at: string;
  /** Number of the store's last commit in it. */
  readonly commit: number;
  /** Home folder of the user that it was made for. */
  readonly home: string;
  /** Where the configuration stood; null without one. */
  readonly config: string | null;
  /** Whether secrets are in it. */
  readonly secrets: boolean;
  /** Keys of the configuration whose secrets were left out. */
  readonly leftOut: readonly string[];
  readonly records: readonly ArchivedRecord[];
  readonly files: readonly ArchivedFile[];
}

/** What is known of an archive before its files are. */
export type ManifestHead = Omit<Manifest, "format" | "files" | "records">;

/** The manifest as it is written. */
export function manifestText(
  head: ManifestHead,
  records: readonly ArchivedRecord[],
  files: readonly ArchivedFile[],
): string {
  return `${JSON.stringify({ format: FORMAT, ...head, records, files } satisfies Manifest, null, 2)}\n`;
}

/** Reads it back. @throws RangeError when it isn't one, or is of another format */
export function readManifest(text: string): Manifest {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw new RangeError("its manifest can't be read", { cause: error });
  }
  if (!isManifest(read)) throw new RangeError("its manifest is of another format, or of another program");
  return read;
}

function isManifest(read: unknown): read is Manifest {
  if (typeof read !== "object" || read === null) return false;
  const { format, version, at, commit, home, files, records, leftOut } = read as Partial<Manifest>;
  return (
    format === FORMAT &&
    [version, at, home].every((text) => typeof text === "string") &&
    Number.isSafeInteger(commit) &&
    Array.isArray(leftOut) &&
    isList(files, ["name", "sha256"]) &&
    isList(records, ["name", "path", "harness", "native"])
  );
}

function isList(list: unknown, keys: readonly string[]): boolean {
  if (!Array.isArray(list)) return false;
  return list.every((item: unknown) => {
    if (typeof item !== "object" || item === null) return false;
    return keys.every((key) => typeof (item as Readonly<Record<string, unknown>>)[key] === "string");
  });
}
