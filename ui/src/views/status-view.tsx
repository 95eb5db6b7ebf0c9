import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Report } from "../api/wire.ts";
import { phaseWords } from "../logic/phase.ts";
import { errorRow } from "../logic/reasons.ts";
import { clockTime, lasting } from "../logic/times.ts";
import { Attention } from "./attention.tsx";
import { Icon } from "./icon.tsx";
import { AgentCards, ChannelRows, HarnessRows } from "./status-parts.tsx";
import { Words } from "./words.tsx";
import { usePage } from "./use-page.ts";

/** How the gateway is doing: the same report that every other surface shows. */
export function StatusView({ onMenu }: { readonly onMenu: () => void }): VNode {
  const { report, chat } = usePage();
  useEffect(() => {
    void chat.attention();
  }, []);
  return (
    <main class="chat" id="main" tabIndex={-1}>
      <header class="head">
        <button
          type="button"
          class="icon-button only-phone"
          onClick={onMenu}
          aria-label="Show the conversations"
        >
          <Icon name="menu" />
        </button>
        <h1>Status</h1>
      </header>
      <div class="scroll">
        <div class="column status">
          {report.value === null ? <p class="empty muted">Asking…</p> : <Parts report={report.value} />}
        </div>
      </div>
    </main>
  );
}

function Parts({ report }: { readonly report: Report }): VNode {
  return (
    <>
      <Phase report={report} />
      <FailingList report={report} />
      <Attention />
      <AgentCards report={report} />
      <HarnessRows report={report} />
      <ChannelRows report={report} />
    </>
  );
}

function Phase({ report }: { readonly report: Report }): VNode {
  const { now, session } = usePage();
  const phase = phaseWords(report, session.connection.value !== "lost");
  const { nextStart } = report;
  return (
    <section class={`phase ${phase.tone}`} aria-label="Phase">
      <h2>
        <span class={`dot ${phase.tone}`} />
        {phase.label}
      </h2>
      <p>{phase.more}</p>
      <dl class="figures">
        <Figure name="waiting" value={String(report.waiting)} />
        <Figure name="held" value={String(report.held)} />
        {report.dead > 0 && <Figure name="failed" value={String(report.dead)} />}
        <Figure name="up for" value={lasting(report.startedAt, now.value)} />
        <Figure name="configuration" value={`no. ${report.generation}`} />
        <Figure name="version" value={report.version} />
      </dl>
      {report.restartNeeded !== null && <p class="note">Restart needed: {report.restartNeeded}</p>}
      {!nextStart.ok && (
        <p class="note">
          The next start would fail:{" "}
          {nextStart.reason ?? errorRow(nextStart.code ?? "")?.summary ?? "see rollcall check"}
        </p>
      )}
    </section>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function FailingList({ report }: { readonly report: Report }): VNode | null {
  const { now } = usePage();
  if (report.failing.length === 0) return null;
  return (
    <section>
      <h2>What is wrong</h2>
      <ul class="cards">
        {report.failing.map((one) => (
          <li key={`${one.kind} ${one.id} ${one.code}`} class="card warn">
            <h3>
              {one.kind} {one.id}
            </h3>
            <p>{errorRow(one.code)?.summary ?? one.code}</p>
            <p class="fix">
              <Words text={one.fix} />
            </p>
            <p class="muted">
              since {clockTime(one.since, now.value)} · {one.code}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
