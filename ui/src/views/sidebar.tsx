import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Conversation } from "../logic/conversations.ts";
import { phaseWords } from "../logic/phase.ts";
import { ago } from "../logic/times.ts";
import { routeHref } from "../state/route.ts";
import { Icon, Mark } from "./icon.tsx";
import { usePage } from "./use-page.ts";

/** The conversations, and the way to everything else. On a phone it slides in. */
export function Sidebar({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): VNode {
  const page = usePage();
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (open) first.current?.focus();
  }, [open]);
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && open) onClose();
  };
  return (
    <>
      <div class="shade" onClick={onClose} aria-hidden="true" />
      <nav class="sidebar" aria-label="Conversations" onKeyDown={onKey}>
        <header class="sidebar-head">
          <Mark />
          <strong>Rollcall</strong>
          <button type="button" class="icon-button only-phone" onClick={onClose} aria-label="Close the list">
            <Icon name="close" />
          </button>
        </header>
        <button type="button" class="new-button" ref={first} onClick={page.startConversation}>
          <Icon name="plus" />
          New conversation
        </button>
        <ul class="conversations">
          {page.conversations.value.map((one) => (
            <Item key={one.name} one={one} />
          ))}
        </ul>
        {page.chat.older.value !== null && (
          <button
            type="button"
            class="plain-button older"
            onClick={() => void page.chat.olderConversations()}
          >
            Look further back
          </button>
        )}
        <Foot />
      </nav>
    </>
  );
}

const MARKS: Readonly<Record<NonNullable<Conversation["mark"]>, string>> = {
  working: "being answered",
  held: "held",
  failed: "failed",
};

function Item({ one }: { readonly one: Conversation }): VNode {
  const { router, now } = usePage();
  const route = router.route.value;
  const here = route.view === "chat" && route.conversation === one.name;
  return (
    <li>
      <a
        href={routeHref({ view: "chat", conversation: one.name, message: null })}
        aria-current={here ? "page" : undefined}
        title={one.title}
      >
        <span class="conversation-title">{one.title}</span>
        {one.mark !== null && (
          <span class={`dot ${one.mark}`}>
            <span class="unseen">{MARKS[one.mark]}</span>
          </span>
        )}
        {one.lastAt > 0 && <time class="muted">{ago(one.lastAt, now.value)}</time>}
      </a>
    </li>
  );
}

function Foot(): VNode {
  const { report, router, session, signOut } = usePage();
  const phase = phaseWords(report.value, session.connection.value !== "lost");
  const here = router.route.value.view === "status";
  return (
    <footer class="sidebar-foot">
      <a
        href={routeHref({ view: "status", message: null })}
        aria-current={here ? "page" : undefined}
        class="status-link"
      >
        <span class={`dot ${phase.tone}`} />
        <span>{phase.label}</span>
      </a>
      <button
        type="button"
        class="icon-button"
        onClick={() => void signOut()}
        aria-label="Sign out"
        title="Sign out"
      >
        <Icon name="leave" />
      </button>
    </footer>
  );
}
