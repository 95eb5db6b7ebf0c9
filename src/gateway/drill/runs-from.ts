import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { codeOf } from "../../core/errors.ts";

/** Whether a process runs this program file: its number alone may be somebody else's by now. */
export function runsFrom(pid: number, program: string): boolean {
  if (!existsSync("/proc/self/cmdline"))
    return spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout?.includes(
      program,
    );
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(program);
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes(codeOf(error) ?? "")) return false;
    throw error;
  }
}
