import { RollcallError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Invocation } from "./invocation.ts";

/**
 * The text that a command was given: its words, or standard input for `-`.
 *
 * @throws RollcallError `message-empty`, `message-too-long`
 */
export async function readText(invocation: Invocation, mayBeEmpty = false): Promise<string> {
  const { args, terminal } = invocation;
  const text = args.length === 1 && args[0] === "-" ? await readAll(terminal.stdin) : args.join(" ");
  if (text.trim() === "" && !mayBeEmpty) throw new RollcallError("message-empty");
  if (text.length > LIMITS.textUnits) throw tooLong();
  return text;
}

async function readAll(stdin: NodeJS.ReadableStream): Promise<string> {
  const decoder = new TextDecoder("utf-8");
  let text = "";
  for await (const chunk of stdin) {
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    // Not read to its end: it may have none.
    if (text.length > LIMITS.textUnits + 2) throw tooLong();
  }
  return (text + decoder.decode()).replace(/\r?\n$/, "");
}

function tooLong(): RollcallError {
  return new RollcallError("message-too-long", { detail: `at most ${LIMITS.textUnits} characters` });
}
