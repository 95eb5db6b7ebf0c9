import type { Upload } from "../api/client.ts";
import { LIMITS } from "../../../src/core/limits.ts";
import { sizeText } from "../logic/times.ts";

/** A file that was chosen and not sent yet. */
export interface PickedFile {
  readonly key: number;
  readonly file: File;
}

/** All files of one message together, in bytes, so that it fits into one request as base64. */
const TOGETHER = Math.floor((LIMITS.requestBytes * 3) / 4) - 1024 * 1024;

let keys = 0;

/** Adds files to those that are chosen, as far as the gateway would take them. */
export function pickFiles(
  before: readonly PickedFile[],
  list: Iterable<File>,
): { readonly picked: readonly PickedFile[]; readonly problem: string | null } {
  let picked = before;
  let problem: string | null = null;
  for (const file of list) {
    const together = picked.reduce((sum, one) => sum + one.file.size, file.size);
    if (picked.length >= LIMITS.attachmentsPerMessage) {
      problem = `One message takes at most ${LIMITS.attachmentsPerMessage} files.`;
    } else if (file.size > LIMITS.attachmentBytes) {
      problem = `${file.name} is larger than ${sizeText(LIMITS.attachmentBytes)}.`;
    } else if (together > TOGETHER) {
      problem = `Together the files are larger than ${sizeText(TOGETHER)}.`;
    } else picked = [...picked, { key: keys++, file }];
  }
  return { picked, problem };
}

/** Reads a file for sending. @throws DOMException when it can't be read (moved or changed since it was chosen) */
export async function readUpload({ file }: PickedFile): Promise<Upload> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(typeof reader.result === "string" ? reader.result : ""));
    reader.addEventListener("error", () => reject(reader.error ?? new DOMException("unreadable")));
    reader.readAsDataURL(file);
  });
  const mime = /^[\w.+-]+\/[\w.+-]+$/.test(file.type) ? file.type : "application/octet-stream";
  return {
    name: file.name === "" ? "file" : file.name.slice(0, 200),
    mime,
    data: url.slice(url.indexOf(",") + 1),
  };
}
