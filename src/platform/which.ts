import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import path from "node:path";

/**
 * Where a command would be found with this PATH; undefined when nowhere. A command with a slash is looked at where it
 * stands. Relative folders of a PATH are skipped: they would mean another place for every working folder.
 */
export async function which(command: string, searchPath: string): Promise<string | undefined> {
  if (command.includes("/")) return (await runnable(command)) ? path.resolve(command) : undefined;
  for (const folder of searchPath.split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, command);
    if (await runnable(file)) return file;
  }
  return undefined;
}

async function runnable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false; // not there, or not ours to run: both mean "look on"
  }
}
