import type { VNode } from "preact";
import type { Message } from "../api/wire.ts";
import { clockTime } from "../logic/times.ts";
import { StateLine } from "./state-line.tsx";
import { usePage } from "./use-page.ts";

const STATES: readonly Message["state"][] = ["held", "dead", "quarantined"];

/** How many are shown. */
const MOST = 20;

/** Messages of every channel that are held or failed, the newest first. */
export function Attention(): VNode | null {
  const { chat, now } = usePage();
  const found = [...chat.known.value.values()]
    .map(({ message }) => message)
    .filter(({ state }) => STATES.includes(state))
    .sort((a, b) => b.acceptedAt - a.acceptedAt)
    .slice(0, MOST);
  if (found.length === 0) return null;
  return (
    <section>
      <h2>Messages that need a look</h2>
      <ul class="cards">
        {found.map((message) => (
          <li key={message.id} class="card">
            <p class="attention-text">{message.text === "" ? "(a file)" : message.text}</p>
            <p class="muted">
              {message.sender} · {message.channel}/{message.conversation} ·{" "}
              {clockTime(message.acceptedAt, now.value)}
            </p>
            <StateLine message={message} activity={null} />
          </li>
        ))}
      </ul>
    </section>
  );
}
