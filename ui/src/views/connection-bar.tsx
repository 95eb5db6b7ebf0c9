import type { VNode } from "preact";
import { usePage } from "./use-page.ts";

/** Says plainly when the gateway isn't heard. */
export function ConnectionBar(): VNode | null {
  const { session, sender } = usePage();
  if (session.connection.value !== "lost") return null;
  const waiting = sender.items.value.filter(({ refusal }) => refusal === null).length;
  const kept =
    waiting === 0
      ? "What you write is kept here and sent when it is back."
      : `${waiting === 1 ? "One message is" : `${waiting} messages are`} kept here and sent when it is back.`;
  return (
    <div class="bar warn" role="status">
      <span>
        <strong>Not connected.</strong> Trying to reach the gateway. {kept}
      </span>
      <button type="button" class="plain-button" onClick={() => session.wake()}>
        Try now
      </button>
    </div>
  );
}
