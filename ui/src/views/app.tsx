import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ChatView } from "./chat-view.tsx";
import { ConnectionBar } from "./connection-bar.tsx";
import { Details } from "./details.tsx";
import { Sidebar } from "./sidebar.tsx";
import { SignIn } from "./sign-in.tsx";
import { StatusView } from "./status-view.tsx";
import { Mark } from "./icon.tsx";
import { Words } from "./words.tsx";
import { usePage } from "./use-page.ts";

/** The whole page: signed out, still asking, or in. */
export function App(): VNode {
  const { session, spoken } = usePage();
  if (session.who.value === "out") return <SignIn />;
  return (
    <>
      {session.who.value === "checking" ? <Checking /> : <Inside />}
      <p class="unseen" role="status" aria-live="polite">
        {spoken.value}
      </p>
    </>
  );
}

function Checking(): VNode {
  const lost = usePage().session.connection.value === "lost";
  return (
    <main class="door">
      <div class="door-card">
        <Mark />
        <p role="status">{lost ? "The gateway can’t be reached. Trying again…" : "Connecting…"}</p>
      </div>
    </main>
  );
}

function Inside(): VNode {
  const { router, notice } = usePage();
  const [menu, setMenu] = useState(false);
  const route = router.route.value;
  useEffect(() => setMenu(false), [route]);
  const wasOpen = useRef(false);
  useEffect(() => {
    // Back to the button that opened it, once the page behind can have the focus again.
    if (wasOpen.current && !menu) document.querySelector<HTMLElement>(".head .only-phone")?.focus();
    wasOpen.current = menu;
  }, [menu]);
  useTitle();
  return (
    <div class={menu ? "page menu-open" : "page"}>
      <a class="skip" href="#main" onClick={focusMain}>
        Skip to the conversation
      </a>
      <Sidebar open={menu} onClose={() => setMenu(false)} />
      <div class="stage" inert={menu}>
        <ConnectionBar />
        {notice.value !== null && (
          <div class="bar bad" role="alert">
            <span>
              <Words text={notice.value} />
            </span>
            <button type="button" class="plain-button" onClick={() => (notice.value = null)}>
              Dismiss
            </button>
          </div>
        )}
        {route.view === "chat" ? (
          <ChatView key={route.conversation} name={route.conversation} onMenu={() => setMenu(true)} />
        ) : (
          <StatusView onMenu={() => setMenu(true)} />
        )}
      </div>
      {route.message !== null && <Details key={route.message} id={route.message} />}
    </div>
  );
}

function focusMain(event: Event): void {
  event.preventDefault();
  const target =
    document.querySelector<HTMLElement>("#composer") ?? document.querySelector<HTMLElement>("#main");
  target?.focus();
}

/** The tab's title says when something was answered while nobody looked. */
function useTitle(): void {
  const { router, conversations, spoken } = usePage();
  const route = router.route.value;
  const open = conversations.value.find(({ name }) => route.view === "chat" && name === route.conversation);
  const [unseen, setUnseen] = useState(0);
  const said = spoken.value;
  useEffect(() => {
    if (said !== "" && document.hidden) setUnseen((count) => count + 1);
  }, [said]);
  useEffect(() => {
    const seen = (): void => {
      if (!document.hidden) setUnseen(0);
    };
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, []);
  useEffect(() => {
    const name = route.view === "status" ? "Status" : (open?.title ?? "Rollcall");
    document.title = `${unseen > 0 ? `(${unseen}) ` : ""}${name} · Rollcall`;
  }, [unseen, open?.title, route.view]);
}
