import { join } from "node:path";

/** Where agents work that name no workspace, beside a configuration file or in the folder of a trial. */
export function defaultWorkspaces(baseDir: string): string {
  return join(baseDir, ".rollcall", "workspaces");
}
