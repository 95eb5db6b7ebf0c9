import { mkdtemp } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { claudeCli } from "../../src/harnesses/claude-cli/claude-cli.ts";
import { rigOf, type Rig } from "../harnesses/rig.ts";
import {
  echoAnswer,
  startFakeModelApi,
  type Answer,
  type FakeModelApi,
  type ModelRequest,
} from "./fake-model-api.ts";
import { claudeProgram } from "./installed.ts";

/**
 * What the real program needs to talk to the fake service alone: its variables for `harnesses.claude-cli.env`.
 *
 * @param key null: nobody is logged in
 */
export function claudeVariables(api: FakeModelApi, key: string | null = "sk-test"): Record<string, string> {
  return {
    ANTHROPIC_BASE_URL: api.url,
    CLAUDE_CODE_MAX_RETRIES: "1",
    ...(key !== null && { ANTHROPIC_API_KEY: key }),
  };
}

export interface RealRig extends Rig {
  readonly api: FakeModelApi;
}

/** The adapter over the real program, with a home of its own and the fake service behind it. */
export async function realClaudeRig(
  given: { readonly max?: number; readonly key?: string | null } = {},
): Promise<RealRig> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "rollcall-real-"));
  const api = await startFakeModelApi();
  api.answer(scripted);
  const rig = await rigOf(claudeCli, {
    dir,
    env: { PATH: process.env["PATH"] ?? "", HOME: dir },
    options: {
      command: claudeProgram() ?? "claude",
      pool: { max: given.max ?? 4 },
      env: claudeVariables(api, given.key),
    },
  });
  const tidyUp = async (): Promise<void> => {
    await api.close();
    await rig.tidyUp();
  };
  return { ...rig, api, tidyUp };
}

const ERRORS: Readonly<Record<string, readonly [type: string, message: string]>> = {
  "400": ["invalid_request_error", "prompt is too long: 300000 tokens > 200000 maximum"],
  "401": ["authentication_error", "invalid x-api-key"],
  "404": ["not_found_error", "model: nope"],
  "429": ["rate_limit_error", "Number of requests has exceeded your limit"],
  "500": ["api_error", "Internal server error"],
  "529": ["overloaded_error", "Overloaded"],
};

/** A service that does what the last message says, and otherwise says it back. */
export function scripted(request: ModelRequest): Answer {
  const { last } = request;
  const status = /fail (\d{3})/.exec(last)?.[1] ?? "";
  const error = ERRORS[status];
  if (error !== undefined) {
    const headers: Record<string, string> = status === "429" ? { "retry-after": "30" } : {};
    return { kind: "error", status: Number(status), type: error[0], message: error[1], headers };
  }
  if (last.includes("fail cut")) return { kind: "cut", text: "Half a sent" };
  // The program tries once more, with a note of its own as the last message.
  if (request.history.some((line) => line.includes("refuse this")))
    return { kind: "blocks", blocks: [{ type: "text", text: "No." }], stop: "refusal" };
  if (last.includes("take your time"))
    return { kind: "blocks", blocks: [{ type: "text", text: "word ".repeat(5000) }], pace: 20 };
  if (last.includes("what was it"))
    return {
      kind: "blocks",
      blocks: [{ type: "text", text: request.history.filter((line) => line.startsWith("user")).join(" | ") }],
    };
  return echoAnswer(request);
}
