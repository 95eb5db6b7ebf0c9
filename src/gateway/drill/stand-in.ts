/**
 * What stands in for the programs of the declared harnesses: no agent of the user's runs in a drill, and nothing is
 * spent. It speaks the protocol of `claude-cli`, and answers with the marks that a message has. Handed over as text,
 * so that it is one file in the drill's own folder.
 */
import type * as Fs from "node:fs";
import type * as Readline from "node:readline";

type Fields = Readonly<Record<string, unknown>>;
type Words = Readonly<Record<string, string | number>>;

/** Runs as a program of its own; uses nothing but what it is given. */
function standIn(fs: typeof Fs, readline: typeof Readline, dir: string, args: readonly string[]): void {
  const write = (frame: Fields): void => void process.stdout.write(`${JSON.stringify(frame)}\n`);
  const usage = { input_tokens: 0, output_tokens: 0 };
  const result = (more: Fields): Fields => ({
    type: "result",
    subtype: "success",
    is_error: false,
    total_cost_usd: 0,
    usage,
    ...more,
  });
  const session = /^--(?:session-id|resume)=(.*)$/;
  if (args.includes("--version")) return void process.stdout.write("1.0.0 (drill)\n");
  if (args[0] === "auth") return write({ loggedIn: true, authMethod: "drill", apiProvider: "firstParty" });
  if (!args.includes("--input-format=stream-json")) return write(result({ result: "ok" }));

  const id = args.flatMap((arg) => session.exec(arg)?.[1] ?? [])[0];
  const emit = (frame: Fields): void => write({ session_id: id, parent_tool_use_id: null, ...frame });
  fs.writeFileSync(`${dir}/${process.pid}`, "");
  process.once("exit", () => fs.rmSync(`${dir}/${process.pid}`, { force: true }));
  let working: { readonly prompt: unknown; readonly timer: NodeJS.Timeout } | undefined;

  const answer = (prompt: unknown, text: string): void => {
    emit({
      type: "stream_event",
      event: { type: "content_block_start", content_block: { type: "text", text: "" } },
    });
    const delta = { type: "text_delta", text };
    emit({ type: "stream_event", event: { type: "content_block_delta", delta } });
    working = undefined;
    emit(result({ result: text, user_message_uuids: [prompt] }));
  };
  const begin = (message: Fields): void => {
    const { content } = message["message"] as { readonly content: readonly Words[] };
    const whole = content.map(({ text }) => text ?? "").join("\n");
    // The head of the envelope ends at its first line of `---`; after it stand the sender's own words.
    const own = whole.split("\n---\n").slice(1).join("\n");
    const marks = [...new Set(own.match(/mark-[a-z0-9-]+/g))];
    const span = Number(/slowly (\d+)/.exec(own)?.[1] ?? 0);
    emit({ type: "system", subtype: "init" });
    emit({ ...message, isReplay: true });
    emit({ type: "stream_event", event: { type: "message_start", message: {} } });
    const prompt = message["uuid"];
    working = {
      prompt,
      timer: setTimeout(() => answer(prompt, `Answer to ${marks.join(" ")}`), span),
    };
  };
  const obey = (request: unknown, { subtype }: Fields): void => {
    write({ type: "control_response", response: { subtype: "success", request_id: request, response: {} } });
    if (subtype !== "interrupt" || working === undefined) return;
    clearTimeout(working.timer);
    emit(result({ is_error: true, errors: ["interrupted"], user_message_uuids: [working.prompt] }));
    working = undefined;
  };
  readline
    .createInterface({ input: process.stdin })
    .on("line", (line) => {
      const message = JSON.parse(line) as Fields;
      if (message["type"] === "user") begin(message);
      else if (message["type"] === "control_request")
        obey(message["request_id"], message["request"] as Fields);
    })
    .on("close", () => process.exit(0));
}

/** The program. Its first argument is the folder where each of its processes leaves its id while it runs. */
export const STAND_IN_PROGRAM = `"use strict";
(${String(standIn)})(require("node:fs"), require("node:readline"), process.argv[2], process.argv.slice(3));
`;
