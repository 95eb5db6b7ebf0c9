import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import type { Stage } from "./stage.ts";
import { witness } from "./witness.ts";

/**
 * What a prompt makes the fake do. A prompt says it with words of the form `fake:NAME` or `fake:NAME=VALUE`, played in
 * their order; without any, the fake says the prompt back. An act that ends the turn by itself returns `over`.
 */
export const ACTS: Readonly<
  Record<string, (stage: Stage, value: string) => Promise<"over" | "enough" | void>>
> = {
  /** What follows is played only when the session gets this prompt for the first time; a repeat is just answered. */
  once: async (stage) => {
    const { said } = stage.session;
    const marker = said.at(-1)?.split("\n")[0] ?? "";
    return said.filter((text) => text.startsWith(marker)).length > 1 ? "enough" : undefined;
  },
  /** Works for so many milliseconds before it answers; an interrupt ends that. */
  work: async (stage, value) => {
    const done = new Promise<void>((resolve) => setTimeout(resolve, Number(value)));
    await Promise.race([done, stage.interrupted]);
  },
  /** Writes nothing of this turn into its record (see `begin`). */
  unrecorded: async () => undefined,
  /** Its record has the answer, and its reader never hears of it. */
  recorded: async (stage) => {
    stage.record.model([{ type: "text", text: stage.answer }], "end_turn");
    return stage.never();
  },
  /** The same, and it dies. */
  recordedexit: async (stage) => {
    stage.record.model([{ type: "text", text: stage.answer }], "end_turn");
    process.exit(1);
  },
  /** Milliseconds between the words of the answer. */
  slow: async (stage, value) => void (stage.pace = Number(value)),
  /** Answers with everything that was said in this session before. */
  recall: async (stage) => void (stage.answer = `I remember: ${stage.session.said.slice(0, -1).join(" | ")}`),
  say: async (stage, value) => void (stage.answer = value.replaceAll("_", " ")),
  empty: async (stage) => void (stage.answer = ""),
  /** A tool without a question. */
  tool: async (stage, value) => {
    await stage.text("Let me look.");
    stage.toolResult(useTool(stage, value || "Read"), false);
  },
  /** A tool that is a process of its own, and takes so many milliseconds. */
  shell: async (stage, value) => {
    const id = useTool(stage, "Bash");
    const child = spawn("sleep", [String(Number(value) / 1000)], { stdio: "ignore" });
    await Promise.race([new Promise((resolve) => child.once("exit", resolve)), stage.interrupted]);
    child.kill("SIGKILL");
    stage.toolResult(id, false);
  },
  /** A tool that stays open until the turn is interrupted. */
  longtool: async (stage, value) => {
    useTool(stage, value || "Bash");
    await stage.interrupted;
  },
  /** A tool that needs a permission. */
  ask: async (stage, value) => {
    const id = stage.toolUse(value || "Bash");
    const answer = await stage.permission(value || "Bash", id);
    stage.toolResult(id, answer.behavior !== "allow");
    stage.answer = `The answer was ${answer.behavior}: ${answer.message ?? JSON.stringify(answer.updatedInput)}`;
  },
  /** Asks its host for something unknown, and says what came back. */
  hook: async (stage) => {
    const response = await stage.request({ subtype: "hook_callback" });
    stage.answer = `hook: ${response.subtype}`;
  },
  compact: async (stage) => {
    stage.record.compacted();
    stage.emit({ type: "system", subtype: "status", status: "compacting" });
    stage.emit({ type: "system", subtype: "compact_boundary", compact_metadata: { trigger: "auto" } });
  },
  subagent: async (stage) => {
    const id = stage.toolUse("Task");
    stage.stream({ type: "message_start", message: {} }, id);
    stage.stream(
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "secret talk" } },
      id,
    );
    stage.toolResult(id, false);
  },
  /** A try that failed and will be repeated, `STATUS` or `STATUS/DELAY_MS`. */
  retry: async (stage, value) => {
    const [status, delay = "500"] = value.split("/");
    const error =
      status === "401" ? "authentication_failed" : status === "429" ? "rate_limit" : "server_error";
    stage.emit({
      type: "system",
      subtype: "api_retry",
      attempt: 1,
      max_retries: 2,
      retry_delay_ms: Number(delay),
      error_status: Number(status),
      error,
    });
    if (status === "401" || Number(delay) > 1000) await stage.interrupted;
  },
  error: async (stage, value) => {
    stage.apiError(value);
    return "over";
  },
  refuse: async (stage) => {
    stage.result({ is_error: true, stop_reason: "refusal", result: "API Error: I can't help with that." });
    return "over";
  },
  hang: async (stage) => stage.never(),
  /** Hangs, and hears no interrupt. */
  deaf: async (stage) => {
    stage.deaf = true;
    return stage.never();
  },
  /** Hangs, and obeys no SIGTERM. */
  stubborn: async (stage) => {
    process.on("SIGTERM", () => {});
    stage.deaf = true;
    return stage.never();
  },
  /** Never reads again. */
  nostdin: async (stage) => {
    process.stdin.pause();
    stage.deaf = true;
    return stage.never();
  },
  exit: async (stage, value) => {
    if (value !== "0") process.stderr.write("fake: something broke\n");
    stage.quit(Number(value));
    return stage.never();
  },
  signal: async (stage, value) => {
    process.kill(process.pid, value || "SIGSEGV");
    return stage.never();
  },
  garbage: async (stage) => {
    stage.raw("Segmentation fault (not really)\n");
    return stage.never();
  },
  half: async (stage) => {
    stage.raw('{"type":"assistant","message":{"content":[{"type":"te');
    stage.quit(0);
    return stage.never();
  },
  /** A text whose characters are cut by the chunks, byte by byte. */
  split: async (stage) => {
    stage.answer = "Grüße, 世界 👋🏽";
    stage.bytewise = true;
  },
  /** More than a line may hold. */
  line: async (stage) => {
    stage.raw(`{"type":"noise","text":"${"x".repeat(9 * 1024 * 1024)}`);
    return stage.never();
  },
  /** Many frames, faster than anybody reads. */
  flood: async (stage, value) => {
    for (let i = 0; i < Number(value || "20000"); i++) stage.emit({ type: "noise", text: "y".repeat(100) });
  },
  /** Megabytes of noise beside the protocol. */
  stderr: async (stage, value) => {
    const noise = Buffer.alloc(1024 * 1024, "z".repeat(99) + "\n");
    for (let i = 0; i < Number(value || "32"); i++)
      await new Promise<void>((resolve) => void process.stderr.write(noise, () => resolve()));
    stage.answer = "that was much";
  },
  /** Takes memory until it gets no more. */
  memory: async () => {
    for (const taken: Buffer[] = []; ;) taken.push(Buffer.alloc(64 * 1024 * 1024, 1));
  },
  /** A second result for the same prompt, after the first. */
  twofinals: async (stage) => {
    stage.result({ result: "the first" });
    stage.result({ result: "the second" });
    return "over";
  },
  /** A good end, and in the same write something that is no frame. */
  spoil: async (stage) => {
    const parts: string[] = [];
    stage.raw = (text) => void parts.push(text);
    stage.result({ result: "good" });
    process.stdout.write(`${parts.join("")}Warning: something\n`);
    return "over";
  },
  /** Words and a question after the end of the turn. */
  late: async (stage) => {
    stage.result({ result: "in time" });
    await stage.text("too late");
    await stage.permission("Bash", "toolu_late");
    stage.result({ result: "far too late" });
    return "over";
  },
  /** Leaves a process behind that left the group. Its pid is the answer. */
  daemon: async (stage) => {
    const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
    child.unref();
    stage.answer = String(child.pid);
  },
  /** Ends by itself once the turn is over. */
  dieafter: async (stage) => void (stage.quitAfter = true),
};

/** Uses a tool, which leaves a trace for whoever counts. */
function useTool(stage: Stage, name: string): string {
  const id = stage.toolUse(name);
  appendFileSync(path.join(stage.dir, "tools.jsonl"), `${JSON.stringify({ name, session: stage.id })}\n`);
  witness(stage.dir, "tool", stage.session.said.at(-1) ?? "");
  return id;
}

/** The acts that a prompt asks for. */
export function actsOf(text: string): readonly { readonly name: string; readonly value: string }[] {
  return [...text.matchAll(/\bfake:([a-z]+)(?:=(\S+))?/g)].map(([, name = "", value = ""]) => ({
    name,
    value,
  }));
}
