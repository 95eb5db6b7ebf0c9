import { LIMITS } from "../core/limits.ts";
import type { Prompt, SessionSpec } from "../ports/harness.ts";
import { buildEnvelope, type FetchedFile } from "./envelope.ts";
import type { TurnDeps } from "./turn-deps.ts";
import { subjectsOf, type Attempt } from "./turn-work.ts";

export interface PreparedPrompt {
  readonly spec: SessionSpec;
  readonly prompt: Prompt;
  /** The harness has nothing of this session beyond what the envelope tells. */
  readonly blank: boolean;
}

type Exchange = { readonly seq: number; readonly text: string; readonly reply: string };

/**
 * Everything that a candidate is told, and the session of its own that it goes on with.
 *
 * @param forgotten the harness turned out to have lost its session: tell it what was said
 */
export function preparePrompt(deps: TurnDeps, attempt: Attempt, forgotten = false): Promise<PreparedPrompt> {
  return deps.guard.run("prompt", subjectsOf(attempt), () => prepare(deps, attempt, forgotten));
}

async function prepare(deps: TurnDeps, attempt: Attempt, forgotten: boolean): Promise<PreparedPrompt> {
  const { turn, agent, entries, runner, goesOn } = attempt;
  const known = forgotten ? null : await deps.store.nativeSession(turn.session, runner.harness.id);
  const again = !forgotten && turn.harness === runner.harness.id ? turn.nativeSession : null;
  const resume = runner.harness.resumes ? (again ?? known?.native ?? null) : null;
  const forgetful = runner.harness.forgetful === true;
  const missed = await deps.store.exchanges(
    turn.session,
    resume === null ? 0 : (known?.lastSeq ?? 0),
    // One is enough to know that there is something that it doesn't know.
    forgetful ? 1 : LIMITS.injectedTurns,
  );
  const parts = await Promise.all(
    entries.map(async (entry) => ({ entry, files: await deps.fetchFiles(entry, attempt.signal) })),
  );
  const interrupted = goesOn && (resume !== null && resume === again ? "here" : "elsewhere");
  return {
    spec: {
      session: turn.session,
      model: runner.candidate.model,
      workspace: agent.workspace,
      instructions: agent.instructions ?? null,
      resume,
      permissions: { policy: agent.permissions.policy, allow: agent.permissions.allow },
    },
    prompt: {
      text: buildEnvelope({
        turn: turn.id,
        entries: parts,
        missed: forgetful ? [] : bounded(missed),
        interrupted,
      }),
      images: parts.flatMap(({ files }) => files.flatMap(imageOf)),
    },
    blank: resume === null && missed.length > 0,
  };
}

function imageOf(file: FetchedFile): Prompt["images"] {
  return file.kind === "image" && file.path !== null ? [{ path: file.path, mime: file.mime }] : [];
}

/** The newest exchanges that fit, oldest first. */
function bounded(exchanges: readonly Exchange[]): readonly Exchange[] {
  let room: number = LIMITS.injectedUnits;
  return exchanges
    .toReversed()
    .filter(({ text, reply }) => (room -= text.length + reply.length) >= 0)
    .toReversed();
}
