import type { VNode } from "preact";
import type { Delivery, HistoryLine } from "../api/wire.ts";
import { historyFacts, historyWords } from "../logic/history-words.ts";
import { exactTime } from "../logic/times.ts";

/** The steps of a message, oldest first. */
export function Life({ lines }: { readonly lines: readonly HistoryLine[] | null }): VNode {
  if (lines === null) return <p class="muted">Reading…</p>;
  return (
    <ol class="life">
      {lines.map((line, i) => (
        <li key={i}>
          <strong>{historyWords(line)}</strong>
          <time>{exactTime(line.at)}</time>
          <span class="life-facts">
            {historyFacts(line).map(([key, value]) => (
              <span key={key}>
                {key} <code>{value}</code>
              </span>
            ))}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** What was sent for a message. */
export function Deliveries({ deliveries }: { readonly deliveries: readonly Delivery[] }): VNode {
  if (deliveries.length === 0) return <p class="muted">Nothing was sent yet.</p>;
  return (
    <ul class="rows">
      {deliveries.map((one, i) => (
        <li key={i}>
          <strong>{one.kind}</strong> <span>{one.state}</span>
          {one.attempts > 1 && <span class="muted">{one.attempts} tries</span>}
          {one.inDoubt && <span class="warn-text">was in doubt</span>}
        </li>
      ))}
    </ul>
  );
}
