import { flushCompileCache } from "node:module";
import { RollcallError } from "../../core/errors.ts";
import { wholeNumber, type Invocation, type Run } from "../invocation.ts";
import { watchStop } from "../stop.ts";

/** How long after listening the compiled code is saved: not while the start itself needs the processor. */
const FLUSH_AFTER = 1000;

/** Any long time. In milliseconds. */
const KEEP_ALIVE = 3_600_000;

export const run: Run = async (invocation) => {
  const { terminal } = invocation;
  const options = {
    try: invocation.flag("try"),
    config: invocation.text("config"),
    state: invocation.text("state"),
    host: invocation.text("host"),
    port: wholeNumber(invocation, "port", 0, 65_535),
    logFormat: logFormat(invocation),
    env: terminal.env,
    cwd: terminal.cwd,
  };
  const wish = reloadWish();
  const stop = watchStop({
    reload: wish.ask,
    process: terminal.process,
    say: (line) => terminal.err(`${line}\n`),
    exit: (code) => terminal.process.exit(code),
  });
  // Nothing of the gateway's own keeps the process alive, so that nothing forgotten does: this does, until its last step.
  const alive = setInterval(() => undefined, KEEP_ALIVE);
  try {
    const { runGateway } = await import("../../gateway/gateway.ts");
    return await runGateway({
      ...options,
      stopRequested: stop.signal,
      onListening: saveCode,
      onReloadWish: wish.answer,
    });
  } finally {
    clearInterval(alive);
    stop.end();
  }
};

/** Joins a signal, which may come at any time, to the gateway, which can follow it only once it has started. */
function reloadWish(): { readonly ask: () => void; readonly answer: (reload: () => void) => void } {
  let asked = false;
  let run = (): void => void (asked = true);
  return {
    ask: () => run(),
    answer(reload) {
      run = reload;
      if (asked) reload();
    },
  };
}

/** A gateway that is killed later saves nothing more: the next start would compile everything again. */
function saveCode(): void {
  setTimeout(flushCompileCache, FLUSH_AFTER).unref();
}

function logFormat(invocation: Invocation): "json" | "pretty" | undefined {
  const format = invocation.text("log-format");
  if (format === undefined || format === "json" || format === "pretty") return format;
  throw new RollcallError("usage", { detail: "--log-format takes json or pretty" });
}
