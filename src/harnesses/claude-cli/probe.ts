import { stat } from "node:fs/promises";
import { messageOf } from "../../core/errors.ts";
import type { Failure } from "../../core/failure.ts";
import type { Duration } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ProbeLevel, ProbeResult } from "../../ports/harness.ts";
import type { Processes, SpawnSpec } from "../../ports/process.ts";
import { classifyResult } from "./classify.ts";
import { keyOf, probeArguments } from "./command-line.ts";
import { parseFrame } from "./frames.ts";
import { CLAUDE_LIMITS } from "./limits.ts";

export interface ProbeDeps {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly command: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

type PaidBy = "subscription" | "key" | "none";
type Proof<T> = { readonly ok: true; readonly value: T } | (ProbeResult & { readonly ok: false });
type Ran = Awaited<ReturnType<Processes["run"]>>;

const LEVELS: readonly ProbeLevel[] = ["L0", "L1", "L2", "L3"];

/**
 * Proves the program step by step: L0 the file, L1 its version (asked for again only when the file changed), L2 its
 * login (a key that was passed counts as one, since only a turn shows more), L3 one tiny turn. Questions that several
 * candidates ask at once are asked once.
 */
export function createProbe(deps: ProbeDeps): (model: string, level: ProbeLevel) => Promise<ProbeResult> {
  const once = createOnce();
  let known: { readonly identity: string; readonly version: string } | undefined;

  const version = async (): Promise<Proof<string>> => {
    const identity = await identityOf(deps);
    if (!identity.ok) {
      known = undefined;
      return identity;
    }
    if (known?.identity === identity.value) return { ok: true, value: known.version };
    const asked = await askVersion(deps);
    known = asked.ok ? { identity: identity.value, version: asked.value } : undefined;
    return asked;
  };

  return async (model, level) => {
    const found = await once("version", version);
    if (!found.ok) return found;
    const wanted = LEVELS.indexOf(level);
    if (wanted < 2) return { ok: true, level, version: found.value };
    const paid = await once("login", () => askLogin(deps));
    if (!paid.ok) return paid;
    const proof = { version: found.value, ...(paid.value !== undefined && { paidBy: paid.value }) };
    if (wanted < 3) return { ok: true, level: paid.value === undefined ? "L1" : "L2", ...proof };
    const turn = await once(`turn ${model}`, () => askTurn(deps, model));
    return turn.ok ? { ok: true, level: "L3", ...proof } : turn;
  };
}

/** Changes when the file is another one. */
async function identityOf({ processes, command, env }: ProbeDeps): Promise<Proof<string>> {
  const file = await processes.which(command, env["PATH"] ?? "");
  if (file === undefined)
    return failed("L0", "harness-missing", `"${command}" is not an executable file on the PATH`);
  try {
    const { dev, ino, size, mtimeMs } = await stat(file);
    return { ok: true, value: [file, dev, ino, size, mtimeMs].join(":") };
  } catch (error) {
    return failed("L0", "harness-missing", messageOf(error));
  }
}

async function askVersion(deps: ProbeDeps): Promise<Proof<string>> {
  const ran = await run(deps, "L1", ["--version"], CLAUDE_LIMITS.probe);
  if (!ran.ok) return ran;
  const version = /^\s*(\d+\.\d+\.\d+\S*)/.exec(ran.value.stdout)?.[1];
  if (ran.value.code === 0 && version !== undefined) return { ok: true, value: version };
  return failed("L1", "harness-missing", `it doesn't answer --version: ${wordsOf(ran.value)}`);
}

/** `auth status` prints JSON. Undefined: a version that doesn't have it, so that nothing is proven. */
async function askLogin(deps: ProbeDeps): Promise<Proof<PaidBy | undefined>> {
  const key = keyOf(deps.env);
  if (key !== undefined) return { ok: true, value: key.paidBy };
  const ran = await run(deps, "L2", ["auth", "status"], CLAUDE_LIMITS.probe);
  if (!ran.ok) return ran;
  const status = parseObject(ran.value.stdout);
  if (typeof status["loggedIn"] !== "boolean") return { ok: true, value: undefined };
  if (!status["loggedIn"])
    return failed("L2", "harness-login", "`claude auth status` says that nobody is logged in");
  const byKey =
    String(status["authMethod"]).startsWith("api_key") ||
    (typeof status["apiProvider"] === "string" && status["apiProvider"] !== "firstParty");
  return { ok: true, value: byKey ? "key" : "subscription" };
}

async function askTurn(deps: ProbeDeps, model: string): Promise<Proof<null>> {
  const ran = await run(deps, "L3", probeArguments(model), CLAUDE_LIMITS.probeTurn, "Answer with: ok");
  if (!ran.ok) return ran;
  const frame = parseFrame(ran.value.stdout.trim());
  if (frame?.type !== "result")
    return failed("L3", "harness-exited", `no result of a turn: ${wordsOf(ran.value)}`);
  if (!frame.isError) return { ok: true, value: null };
  const failure = classifyResult({ ...frame, error: null, resetsAt: null }, deps.clock.now());
  return { ok: false, level: "L3", failure };
}

async function run(
  { processes, command, cwd, env }: ProbeDeps,
  level: ProbeLevel,
  args: readonly string[],
  deadline: Duration,
  input?: string,
): Promise<Proof<Ran>> {
  const spec: SpawnSpec = { command, args, cwd, env };
  try {
    const ran = await processes.run({ ...spec, ...(input !== undefined && { input }) }, deadline);
    if (!ran.timedOut) return { ok: true, value: ran };
    return failed(level, "harness-deadline", `no answer to "${args[0]}" within ${deadline} ms`);
  } catch (error) {
    return failed(level, "harness-missing", messageOf(error));
  }
}

function failed(
  level: ProbeLevel,
  code: Failure["code"],
  detail: string,
): ProbeResult & { readonly ok: false } {
  return { ok: false, level, failure: { class: "structural", code, detail } };
}

function wordsOf({ code, signal, stdout, stderr }: Ran): string {
  const words = (stderr.trim() || stdout.trim()).slice(0, CLAUDE_LIMITS.sample).toWellFormed();
  return `${signal ?? `exit code ${code}`} ${JSON.stringify(words)}`;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // not JSON: the caller takes it as "doesn't say"
  }
}

/** Runs one of each kind at a time; who asks meanwhile gets the same answer. */
function createOnce(): <T>(kind: string, ask: () => Promise<T>) => Promise<T> {
  const flights = new Map<string, Promise<unknown>>();
  return <T>(kind: string, ask: () => Promise<T>): Promise<T> => {
    const flying = flights.get(kind);
    if (flying !== undefined) return flying as Promise<T>;
    const flight = ask().finally(() => flights.delete(kind));
    flights.set(kind, flight);
    return flight;
  };
}
