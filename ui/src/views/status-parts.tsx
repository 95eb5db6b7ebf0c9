import type { VNode } from "preact";
import type { CandidateRow, ChannelRow, Report } from "../api/wire.ts";
import { levelWords, paidWords } from "../logic/proof.ts";
import { errorRow } from "../logic/reasons.ts";
import { clockTime } from "../logic/times.ts";
import { Words } from "./words.tsx";
import { usePage } from "./use-page.ts";

/** Every agent with its candidates, and what was proven of each. */
export function AgentCards({ report }: { readonly report: Report }): VNode {
  return (
    <section>
      <h2>Agents</h2>
      <ul class="cards">
        {report.agents.map(({ id, servable, candidates }) => (
          <li key={id} class="card">
            <h3>
              <span class={`dot ${servable ? "good" : "bad"}`} />
              {id}
              <span class="muted">
                {servable
                  ? report.degraded.includes(id)
                    ? "served by a fallback"
                    : "can answer"
                  : "can’t answer"}
              </span>
            </h3>
            <ul class="rows">
              {candidates.map((one, i) => (
                <Candidate key={`${one.harness}/${one.model}`} one={one} usual={i === 0} />
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Candidate({ one, usual }: { readonly one: CandidateRow; readonly usual: boolean }): VNode {
  const { now } = usePage();
  const row = one.code === null ? null : errorRow(one.code);
  return (
    <li>
      <span class={`dot ${one.available ? "good" : "bad"}`} />
      <strong class="wrap">
        {one.harness}/{one.model}
      </strong>
      {usual && <span class="tag">usual</span>}
      <span>{one.available ? `available: ${levelWords(one.level)}` : "not available"}</span>
      {one.until !== null && <span>until {clockTime(one.until, now.value)}</span>}
      {!one.available && row !== null && (
        <span class="fix">
          <Words text={`${row.summary} ${row.fix}`} />
        </span>
      )}
      {!one.available && one.detail !== null && <span class="muted wrap">{one.detail}</span>}
    </li>
  );
}

/** A harness that could run more than this at once has no bound that says anything. */
const BOUNDLESS = 10_000;

/** Every harness: what runs, and who pays. */
export function HarnessRows({ report }: { readonly report: Report }): VNode {
  return (
    <section>
      <h2>Harnesses</h2>
      <div class="table" tabIndex={0} role="region" aria-label="Harnesses">
        <table>
          <thead>
            <tr>
              <th>name</th>
              <th>running</th>
              <th>idle</th>
              <th>waiting</th>
              <th>paid by</th>
              <th>version</th>
            </tr>
          </thead>
          <tbody>
            {report.harnesses.map((one) => (
              <tr key={one.id}>
                <th scope="row">{one.id === one.kind ? one.id : `${one.id} (${one.kind})`}</th>
                <td>{one.max < BOUNDLESS ? `${one.running} of ${one.max}` : one.running}</td>
                <td>{one.idle}</td>
                <td>{one.waiting}</td>
                <td>{paidWords(one.paidBy)}</td>
                <td>{one.version ?? "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const CHANNEL_TONE: Readonly<Record<string, string>> = { connected: "good", failing: "bad" };

/** Every channel account, by its own receive path. */
export function ChannelRows({ report }: { readonly report: Report }): VNode {
  return (
    <section>
      <h2>Channels</h2>
      <ul class="cards">
        {report.channels.map((one) => (
          <li key={`${one.channel}/${one.account}`} class="card">
            <Channel one={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Channel({ one }: { readonly one: ChannelRow }): VNode {
  const { now } = usePage();
  const row = one.code === null ? null : errorRow(one.code);
  return (
    <>
      <h3>
        <span class={`dot ${CHANNEL_TONE[one.status] ?? "quiet"}`} />
        {one.channel}/{one.account}
        <span class="muted">
          {one.name === null ? "" : `${one.name} · `}
          {one.status} since {clockTime(one.since, now.value)}
        </span>
      </h3>
      {row !== null && (
        <p class="fix">
          <Words text={`${row.summary} ${row.fix}`} />
        </p>
      )}
      {one.detail !== null && <p class="muted wrap">{one.detail}</p>}
      {one.hints.map((hint) => (
        <p key={hint} class="note">
          {hint}
        </p>
      ))}
    </>
  );
}
