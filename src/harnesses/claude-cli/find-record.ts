import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { codeOf } from "../../core/errors.ts";

const SESSION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The program's own record of a session, `CONFIG/projects/FOLDER/SESSION.jsonl`: where the workspace says, or in
 * whichever folder it is. Null when there is none.
 *
 * @param env the program's environment, which says where its records are
 */
export async function findRecord(
  env: Readonly<Record<string, string>>,
  native: string,
  workspace: string,
): Promise<string | null> {
  if (!SESSION.test(native)) return null;
  const projects = path.join(env["CLAUDE_CONFIG_DIR"] ?? path.join(env["HOME"] ?? "", ".claude"), "projects");
  const likely = path.join(projects, workspace.replaceAll(/[^a-zA-Z0-9]/g, "-"), `${native}.jsonl`);
  if (await isThere(likely)) return likely;
  const folders = await readdir(projects).catch((error: unknown) => nothingIfMissing(error));
  for (const folder of folders ?? []) {
    const other = path.join(projects, folder, `${native}.jsonl`);
    if (await isThere(other)) return other;
  }
  return null;
}

async function isThere(file: string): Promise<boolean> {
  return (await lstat(file).catch((error: unknown) => nothingIfMissing(error))) !== undefined;
}

function nothingIfMissing(error: unknown): undefined {
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR") return undefined;
  throw error;
}
