import { EXIT } from "../../core/errors.ts";
import { visibleText } from "../../core/visible-text.ts";
import { runDrill, type DrillReport } from "../../gateway/drill/drill.ts";
import type { Finding } from "../../gateway/drill/finding.ts";
import type { Run } from "../invocation.ts";
import { printJson } from "../print.ts";
import type { Terminal } from "../terminal.ts";

const MARKS = { kept: "✓", broken: "✗", "not done": "–" } as const;

export const run: Run = async (invocation) => {
  const { terminal } = invocation;
  const json = invocation.flag("json");
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const signal of SIGNALS) terminal.process.once(signal, onSignal);
  try {
    const report = await runDrill({
      config: invocation.text("config"),
      state: invocation.text("state"),
      only: invocation.texts("only"),
      keep: invocation.flag("keep"),
      env: terminal.env,
      cwd: terminal.cwd,
      signal: stop.signal,
      tell: {
        exercise: ({ name, about }) => void (json || terminal.out(`\n${name}: ${about}\n`)),
        findings: (findings) => void (json || printFindings(terminal, findings)),
      },
    });
    const broken = report.findings.filter(({ verdict }) => verdict === "broken").length;
    if (json) printJson(terminal, { ...report, kept: broken === 0 });
    else printEnd(terminal, report);
    if (broken > 0)
      terminal.err("rollcall: promises were broken; the gateway's log of each exercise says why\n");
    if (report.stopped)
      terminal.err("rollcall: the drill was stopped before its end; what it started is ended\n");
    return broken === 0 && !report.stopped ? EXIT.ok : EXIT.findings;
  } finally {
    for (const signal of SIGNALS) terminal.process.off(signal, onSignal);
  }
};

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** Width of the promises' column. */
const WIDTH = 58;

function printFindings(terminal: Terminal, findings: readonly Finding[]): void {
  for (const { verdict, promise, seen, took } of findings) {
    const time = `${(took / 1000).toFixed(1)} s`.padStart(7);
    const first = `  ${MARKS[verdict]} ${promise.padEnd(WIDTH)} ${verdict.padEnd(8)} ${time}`;
    terminal.out(`${first}  ${visibleText(seen)}\n`);
  }
}

function printEnd(terminal: Terminal, report: DrillReport): void {
  const count = (verdict: Finding["verdict"]): number =>
    report.findings.filter((finding) => finding.verdict === verdict).length;
  terminal.out(
    `\n${count("kept")} promises kept, ${count("broken")} broken, ${count("not done")} not done, in ${Math.round(report.took / 1000)} s, on ${visibleText(report.config ?? "the defaults: there is no configuration")}\n`,
  );
  if (report.leftOut.length > 0)
    terminal.out(`Not played with: ${report.leftOut.map(visibleText).join(", ")}\n`);
  if (report.dir !== null) terminal.out(`Logs, configuration and state: ${visibleText(report.dir)}\n`);
}
