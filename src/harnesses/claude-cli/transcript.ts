/**
 * What the program's own record tells of a turn: `CONFIG/projects/FOLDER/SESSION.jsonl`, one line per step, appended as
 * the session goes. Seen with version 2.1.330: a prompt is written some 80 ms after it was taken up, a tool's call
 * before the tool runs, the answer before the `result` frame; SIGTERM writes what is still to be written, SIGKILL
 * within those 80 ms loses it. A program whose gateway died goes on to the end of its turn.
 */
import { Buffer } from "node:buffer";
import { open, type FileHandle } from "node:fs/promises";
import { codeOf, messageOf, RollcallError } from "../../core/errors.ts";
import type { Usage } from "../../core/turn.ts";
import type { Transcript } from "../../ports/harness.ts";
import { findRecord } from "./find-record.ts";
import { linesFrom, linesWith } from "./record-reader.ts";
import { readWord, type RecordedWord } from "./record-lines.ts";

type ModelWord = Extract<RecordedWord, { kind: "model" }>;

const SESSION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Looks for the last prompt with this marker, and for what came after it.
 *
 * @param env the program's environment, which says where its records are
 * @throws RollcallError `harness-failed` when the record is there and can't be read
 */
export async function readTranscript(
  env: Readonly<Record<string, string>>,
  {
    native,
    workspace,
    marker,
  }: { readonly native: string; readonly workspace: string; readonly marker: string },
): Promise<Transcript> {
  if (!SESSION.test(native)) return { kind: "absent" };
  try {
    const file = await openRecord(env, native, workspace);
    if (file === undefined) return { kind: "absent" };
    try {
      return await lookFor(file, (await file.stat()).size, marker);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof RollcallError) throw error;
    throw new RollcallError("harness-failed", {
      detail: `the session's record can't be read: ${messageOf(error)}`,
    });
  }
}

async function lookFor(file: FileHandle, size: number, marker: string): Promise<Transcript> {
  for await (const line of linesWith(file, size, Buffer.from(marker))) {
    const word = readWord(line.text);
    const ours = word?.kind === "prompt" && isMarked(word.text, marker);
    // A torn line with the marker in it: a prompt that was being written, and nobody knows what else.
    if (word !== undefined && !ours) continue;
    if (word === undefined && !/^\{[^]*"type":"user"/.test(line.text)) continue;
    return followed(linesFrom(file, size, line.at + Buffer.byteLength(line.text) + 1));
  }
  return { kind: "absent" };
}

function isMarked(text: string, marker: string): boolean {
  return text === marker || text.startsWith(`${marker}\n`);
}

/** What came after our prompt, up to the next prompt of anybody. */
async function followed(lines: ReturnType<typeof linesFrom>): Promise<Transcript> {
  const spent = new Map<string, Usage>();
  let last: ModelWord | undefined;
  for await (const { text, whole } of lines) {
    const word = readWord(text);
    // A torn line: more of the same message was being written.
    if (word === undefined && !whole && last !== undefined && text.includes(last.message)) last = undefined;
    if (word === undefined || word.kind === "other") continue;
    if (word.kind === "prompt") break;
    if (word.kind !== "model") last = undefined;
    else {
      spent.set(word.message, word.usage);
      last = word.ends && !word.tool ? joined(last, word) : undefined;
    }
  }
  const text = last?.text ?? null;
  if (text === null) return { kind: "prompted", started: spent.size > 0 };
  return { kind: "answered", text, files: [], usage: sumOf([...spent.values()]) };
}

/** Blocks of one message are lines of their own: the last text counts, as in the program's own result. */
function joined(last: ModelWord | undefined, next: ModelWord): ModelWord {
  return last?.message === next.message && next.text === null ? { ...next, text: last.text } : next;
}

function sumOf(usages: readonly Usage[]): Usage {
  const sum = (of: "inputTokens" | "outputTokens"): number =>
    usages.reduce((all, usage) => all + usage[of], 0);
  return { inputTokens: sum("inputTokens"), outputTokens: sum("outputTokens") };
}

/** The record of a session, to be read. Undefined when there is none. */
async function openRecord(
  env: Readonly<Record<string, string>>,
  native: string,
  workspace: string,
): Promise<FileHandle | undefined> {
  const file = await findRecord(env, native, workspace);
  return file === null ? undefined : openIfThere(file);
}

function openIfThere(file: string): Promise<FileHandle | undefined> {
  return open(file, "r").catch((error: unknown) => nothingIfMissing(error));
}

function nothingIfMissing(error: unknown): undefined {
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR") return undefined;
  throw error;
}
