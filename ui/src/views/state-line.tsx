import type { VNode } from "preact";
import type { Message } from "../api/wire.ts";
import { answerText, isOpen, stateWords, type Offer } from "../logic/message-state.ts";
import { clockTime } from "../logic/times.ts";
import { routeHref } from "../state/route.ts";
import { CopyButton } from "./copy-button.tsx";
import { Icon } from "./icon.tsx";
import { usePage } from "./use-page.ts";

const OFFERS: Readonly<Record<Offer, { readonly text: string; readonly icon: "stop" | "again" }>> = {
  cancel: { text: "Stop", icon: "stop" },
  retry: { text: "Try again", icon: "again" },
  rerun: { text: "Ask again", icon: "again" },
};

/** How a message is doing, and what can be done about it. */
export function StateLine({
  message,
  activity,
}: {
  readonly message: Message;
  readonly activity: string | null;
}): VNode {
  const { act, now, report, router } = usePage();
  const state = stateWords(message, activity, (at) => clockTime(at, now.value));
  const several = (report.value?.agents.length ?? 0) > 1;
  const text = answerText(message);
  const route = router.route.value;
  return (
    <div class={`state-line ${state.tone}`}>
      <span class="state-words">
        <span class={`dot ${state.tone}`} />
        <strong>{state.label}</strong>
        {several && <span>{message.agent}</span>}
        {!isOpen(message) && <time>{clockTime(message.acceptedAt, now.value)}</time>}
        {state.more !== null && <span class="state-more">{state.more}</span>}
      </span>
      <span class="state-buttons">
        {state.offers.map((offer) => (
          <button
            key={offer}
            type="button"
            class={offer === "rerun" ? "small-button" : "small-button loud"}
            data-offer={offer}
            onClick={() => void act(message, offer)}
          >
            <Icon name={OFFERS[offer].icon} />
            {message.state === "held" && offer === "cancel" ? "Cancel" : OFFERS[offer].text}
          </button>
        ))}
        {text !== null && text !== "" && <CopyButton text={text} what="the answer" />}
        <a class="small-button" href={routeHref({ ...route, message: message.id })}>
          <Icon name="details" />
          Details
        </a>
      </span>
    </div>
  );
}
