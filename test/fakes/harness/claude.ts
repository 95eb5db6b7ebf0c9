// A strict stand-in for the real program: the same options, frames, files and exits, and none of its intelligence.
// Run as `node claude.ts DIR OPTIONS…`; `fake-claude.ts` makes a command of it.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { parseArguments } from "./claude-arguments.ts";
import type { FakeClaudeControl, SeenPrompt, SeenStart } from "./fake-claude.ts";
import { ACTS, actsOf } from "./script.ts";
import { SessionRecord } from "./session-record.ts";
import { readSession, sessionExists, writeSession } from "./session-file.ts";
import { Stage, type ControlReply } from "./stage.ts";
import { witness } from "./witness.ts";

const [dir = ".", ...args] = process.argv.slice(2);
const control = readControl();
// Whoever reads us may go away first: the real program then goes on to the end of its turn.
process.stdout.on("error", () => {});
note("starts.jsonl", {
  pid: process.pid,
  args,
  env: process.env as Record<string, string>,
} satisfies SeenStart);
await main();

async function main(): Promise<void> {
  if (args[0] === "--version" && args.length === 1) {
    if (control.version === null) fail("fake: no version");
    process.stdout.write(`${control.version ?? "2.1.330"} (Claude Code)\n`);
    return;
  }
  if (args[0] === "auth" && args[1] === "status") return authStatus();
  const parsed = parseArguments(args);
  if (!parsed.ok) fail(parsed.error);
  else if (parsed.values.get("--output-format") === "json") await oneShot();
  else warm(parsed.flags, parsed.values);
}

function readControl(): FakeClaudeControl {
  const file = path.join(dir, "control.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as FakeClaudeControl) : {};
}

function note(file: string, line: unknown): void {
  appendFileSync(path.join(dir, file), `${JSON.stringify(line)}\n`);
}

function fail(words: string): void {
  process.stderr.write(`${words}\n`);
  process.exit(1);
}

function authStatus(): void {
  if (control.authStatus === "hangs") return void setInterval(() => {}, 1000);
  if (control.authStatus === "unknown") fail("error: unknown command 'auth'");
  const loggedIn = control.loggedIn ?? true;
  const status = { loggedIn, authMethod: loggedIn ? "claude.ai" : "none", apiProvider: "firstParty" };
  process.stdout.write(`${JSON.stringify(status)}\n`);
  process.exitCode = loggedIn ? 0 : 1;
}

async function oneShot(): Promise<void> {
  for await (const _chunk of process.stdin);
  const loggedOut = control.loggedIn === false || control.start === "logged-out";
  const text = loggedOut ? "Not logged in · Please run /login" : "ok";
  process.stdout.write(
    `${JSON.stringify({ type: "result", subtype: "success", is_error: loggedOut, result: text })}\n`,
  );
  process.exitCode = loggedOut ? 1 : 0;
}

function warm(flags: ReadonlySet<string>, values: ReadonlyMap<string, string>): void {
  const streams = ["--input-format", "--output-format"].every((name) => values.get(name) === "stream-json");
  if (!flags.has("-p") || !flags.has("--verbose") || !streams)
    fail("error: --output-format=stream-json requires --verbose");
  const resume = values.get("--resume");
  const id = resume ?? values.get("--session-id") ?? "";
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
    fail("Error: Invalid session ID. Must be a valid UUID.");
  if (resume !== undefined && !sessionExists(dir, id)) fail(`No conversation found with session ID: ${id}`);
  if (resume === undefined && sessionExists(dir, id)) fail(`Error: Session ID ${id} is already in use.`);
  if (control.start === "exits") fail("fake: can't start");
  if (control.start === "garbage") process.stdout.write("Welcome!\n");
  serve(id, values);
}

function serve(id: string, values: ReadonlyMap<string, string>): void {
  let stage: Stage | undefined;
  let closed = false;
  const queue: Fields[] = [];
  const record = new SessionRecord(id);
  const next = async (): Promise<void> => {
    for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
      stage = begin(id, values, message, record);
      await play(stage, ownWords(stage));
      witness(dir, "end", textOf(message));
      if (stage.quitAfter) stage.quit(0);
    }
    stage = undefined;
    if (closed) process.exit(0);
  };
  const input = createInterface({ input: process.stdin });
  input.on("line", (line) => {
    const message = JSON.parse(line) as Fields;
    if (message["type"] === "control_request") return answerRequest(message, stage);
    if (message["type"] === "control_response") {
      const reply = message["response"] as ControlReply & { request_id: string };
      return stage?.waiting.get(reply.request_id)?.(reply);
    }
    if (message["type"] !== "user")
      fail(`Error parsing streaming input line (type=${String(message["type"])})`);
    queue.push(message);
    if (stage === undefined) void next();
  });
  input.on("close", () => {
    closed = true;
    if (stage === undefined) process.exit(0);
    // A turn that hangs by order must not outlive the test that was ended.
    setTimeout(() => process.exit(0), ORPHAN_LIFE).unref();
  });
}

const ORPHAN_LIFE = 20_000;

type Fields = Readonly<Record<string, unknown>>;

function answerRequest(message: Fields, stage: Stage | undefined): void {
  if (control.start === "hangs") return;
  const { subtype } = message["request"] as { subtype: string };
  if (subtype === "interrupt" && stage?.deaf === true) return;
  const response = { subtype: "success", request_id: message["request_id"], response: {} };
  process.stdout.write(`${JSON.stringify({ type: "control_response", response })}\n`);
  if (subtype === "interrupt") stage?.interrupt();
}

interface Content {
  readonly type: string;
  readonly text?: string;
  readonly source?: { readonly media_type: string; readonly data: string };
}

function textOf(message: Fields): string {
  const { content } = message["message"] as { content: readonly Content[] };
  return Array.isArray(content) ? (content as readonly Content[]).map(({ text }) => text ?? "").join("") : "";
}

function begin(
  id: string,
  values: ReadonlyMap<string, string>,
  message: Fields,
  record: SessionRecord,
): Stage {
  const { role, content } = message["message"] as { role: string; content: readonly Content[] };
  if (role !== "user" || !Array.isArray(content)) fail("Error: Expected message role 'user'");
  const text = textOf(message);
  witness(dir, "prompt", text);
  const uuid = String(message["uuid"]);
  note("prompts.jsonl", {
    pid: process.pid,
    session: id,
    resumed: values.has("--resume"),
    model: values.get("--model") ?? null,
    instructions: values.get("--append-system-prompt") ?? null,
    text,
    images: content.flatMap(({ source }) =>
      source === undefined ? [] : [`${source.media_type} ${source.data.length}`],
    ),
    cwd: process.cwd(),
  } satisfies SeenPrompt);
  const session = readSession(dir, id);
  session.said.push(text);
  writeSession(dir, id, session);
  record.silent = actsOf(text).some(({ name }) => name === "unrecorded");
  record.prompt(content);
  const answer = `You said: ${text.split("\n---\n").at(-1) ?? ""}`;
  const stage = new Stage({ dir, id, prompt: uuid, session, answer, record });
  stage.emit({ type: "command_lifecycle", command_uuid: uuid, state: "started" });
  stage.emit({
    type: "system",
    subtype: "init",
    model: values.get("--model") ?? "fake",
    tools: ["Bash", "Read"],
  });
  stage.raw(`${JSON.stringify({ ...message, session_id: id, isReplay: true })}\n`);
  stage.stream({ type: "message_start", message: {} });
  return stage;
}

function ownWords(stage: Stage): string {
  return stage.session.said.at(-1)?.split("\n---\n").at(-1) ?? "";
}

async function play(stage: Stage, text: string): Promise<void> {
  if (control.start === "logged-out") return stage.apiError("login");
  for (const { name, value } of actsOf(text)) {
    const over = await ACTS[name]?.(stage, value);
    if (stage.stopped || over === "enough") break;
    if (over === "over") return;
  }
  if (!stage.stopped) await stage.text(stage.answer);
  if (stage.stopped) stage.record.interrupted();
  else stage.record.model([{ type: "text", text: stage.answer }], "end_turn");
  if (stage.stopped)
    stage.result({
      is_error: true,
      subtype: "error_during_execution",
      terminal_reason: "aborted_streaming",
      errors: ["x"],
    });
  else stage.result({ result: stage.answer });
}
