import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Message } from "../api/wire.ts";
import { sharesAnswer } from "../logic/message-state.ts";
import { Icon } from "./icon.tsx";
import { MessageView } from "./message-view.tsx";
import { UnsentMessage } from "./unsent-message.tsx";
import { usePage } from "./use-page.ts";

interface Props {
  readonly name: string;
  readonly messages: readonly Message[];
}

/** Distance from the end within which somebody reads along, in px. */
const NEAR = 80;

/** The messages of a conversation. While its end is in view it stays there as answers grow. */
export function MessageList({ name, messages }: Props): VNode {
  const { chat, sender } = usePage();
  const { box, inner, away, toEnd } = useFollow();
  const loaded = chat.loaded.value.get(name);
  const here = new Set(messages.map(({ clientId }) => clientId));
  const unsent = sender.items.value.filter((item) => item.conversation === name && !here.has(item.id));
  const count = unsent.length;
  useEffect(() => {
    if (count > 0) toEnd();
  }, [count]);
  return (
    <div class="scroll" ref={box}>
      <div class="column log" role="log" aria-live="off" aria-label="Messages" ref={inner}>
        {loaded?.cursor != null && (
          <button type="button" class="plain-button earlier" onClick={() => void chat.earlier(name)}>
            Show earlier messages
          </button>
        )}
        {messages.length === 0 && count === 0 && <Empty state={loaded?.state} name={name} />}
        {messages.map((message, i) => (
          <MessageView key={message.id} message={message} shared={sharesAnswer(message, messages[i + 1])} />
        ))}
        {unsent.map((item) => (
          <UnsentMessage key={item.id} item={item} />
        ))}
      </div>
      {away && (
        <button type="button" class="to-end" onClick={toEnd} aria-label="Go to the newest message">
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}

function Empty({ state, name }: { readonly state: string | undefined; readonly name: string }): VNode {
  const { chat, agentOf } = usePage();
  if (state === "failed") {
    return (
      <div class="empty">
        <p>The messages couldn’t be read.</p>
        <button type="button" class="button" onClick={() => void chat.open(name)}>
          Try again
        </button>
      </div>
    );
  }
  if (state !== "ready") return <p class="empty muted">Reading…</p>;
  const agent = agentOf(name);
  return (
    <div class="empty">
      <h2>{agent === null ? "Say something" : `Say something to ${agent}`}</h2>
      <p class="muted">
        Whatever you send is kept until it is answered, also when the agent can’t be reached right now. Write{" "}
        <code>/help</code> for what the gateway itself can do.
      </p>
    </div>
  );
}

/** Keeps the end in view for who is at the end, and leaves everybody else where they read. */
function useFollow(): {
  readonly box: { current: HTMLDivElement | null };
  readonly inner: { current: HTMLDivElement | null };
  readonly away: boolean;
  readonly toEnd: () => void;
} {
  const box = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [away, setAway] = useState(false);
  const toEnd = (): void => {
    following.current = true;
    box.current?.scrollTo({ top: box.current.scrollHeight });
  };
  useLayoutEffect(() => {
    const { current } = box;
    if (current === null || inner.current === null) return undefined;
    const onScroll = (): void => {
      const rest = current.scrollHeight - current.scrollTop - current.clientHeight;
      following.current = rest < NEAR;
      setAway(rest > 3 * NEAR);
    };
    const sizes = new ResizeObserver(() => {
      if (following.current) current.scrollTo({ top: current.scrollHeight });
      onScroll();
    });
    sizes.observe(inner.current);
    sizes.observe(current);
    current.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      sizes.disconnect();
      current.removeEventListener("scroll", onScroll);
    };
  }, []);
  return { box, inner, away, toEnd };
}
