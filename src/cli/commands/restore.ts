import { resolve } from "node:path";
import { EXIT, RollcallError } from "../../core/errors.ts";
import { visibleText } from "../../core/visible-text.ts";
import { acceptWhatIsThere, restoreFile, type Restored } from "../../gateway/restoring.ts";
import { stateDirOf } from "../connect.ts";
import type { Invocation, Run } from "../invocation.ts";
import { findPresence } from "../presence.ts";
import { printJson } from "../print.ts";
import type { Terminal } from "../terminal.ts";

export const run: Run = async (invocation) => {
  const { terminal, args } = invocation;
  const stateDir = stateDirOf(invocation);
  const acceptLoss = invocation.flag("accept-loss");
  const found = findPresence(stateDir);
  if (found.kind === "running")
    throw new RollcallError("store-held", {
      detail: `process ${found.presence.pid} runs on ${stateDir}`,
      fix: "Stop it first, with `rollcall drain`.",
    });
  const [file] = args;
  if (file === undefined) return accept(invocation, stateDir, acceptLoss);
  const { env, cwd } = terminal;
  const around = { config: invocation.text("config"), env, cwd, acceptLoss };
  const restored = await restoreFile(stateDir, resolve(cwd, file), around);
  if (invocation.flag("json")) printJson(terminal, jsonOf(restored));
  else print(terminal, restored);
  return EXIT.ok;
};

async function accept(
  invocation: Invocation,
  stateDir: string,
  acceptLoss: boolean,
): Promise<typeof EXIT.ok> {
  if (!acceptLoss)
    throw new RollcallError("usage", {
      detail: "restore takes a FILE, or --accept-loss to go on with what is there",
    });
  const { terminal } = invocation;
  const accepted = await acceptWhatIsThere(stateDir);
  if (invocation.flag("json")) printJson(terminal, accepted ?? { lost: null });
  else if (accepted === null) terminal.out("Nothing is missing; nothing was changed.\n");
  else {
    terminal.out(`Taken as it is: ${visibleText(accepted.lost)}\n`);
    printReopened(terminal, accepted);
  }
  return EXIT.ok;
}

function jsonOf({ manifest, ...rest }: Restored): object {
  const { at, commit, leftOut, version } = manifest;
  return { at, commit, version, leftOut, ...rest };
}

function print(terminal: Terminal, restored: Restored): void {
  const { manifest, lost, kept, config, attachments, records } = restored;
  const line = (text: string): void => terminal.out(`${visibleText(text)}\n`);
  line(`Restored from the backup of ${manifest.at} (commit ${manifest.commit}).`);
  if (lost !== null) line(`Given up: ${lost}`);
  if (kept !== null) line(`What was there is kept in ${kept}`);
  if (attachments + records > 0) line(`Put back: ${attachments} files, ${records} records of sessions`);
  if (config !== null) line(`The configuration is in ${config}`);
  if (manifest.leftOut.length > 0 && config !== null)
    line(`Its secrets were left out, put them back: ${manifest.leftOut.join(", ")}`);
  printReopened(terminal, restored);
}

function printReopened(
  terminal: Terminal,
  {
    waiting,
    commands,
    inDoubt,
  }: { readonly waiting: number; readonly commands: number; readonly inDoubt: number },
): void {
  if (waiting > 0)
    terminal.out(`${waiting} messages wait; those that waited long ask their senders before they run\n`);
  if (inDoubt > 0)
    terminal.out(`${inDoubt} sends may have been made since; where they are made again, they are marked\n`);
  if (commands > 0) terminal.out(`${commands} chat commands were dropped\n`);
}
