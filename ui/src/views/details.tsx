import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Message } from "../api/wire.ts";
import { stateWords } from "../logic/message-state.ts";
import { errorRow } from "../logic/reasons.ts";
import { exactTime } from "../logic/times.ts";
import { CopyButton } from "./copy-button.tsx";
import { Deliveries, Life } from "./life.tsx";
import { Icon } from "./icon.tsx";
import { Words } from "./words.tsx";
import { usePage } from "./use-page.ts";

/** A message's whole life. A dialog of the browser: focus stays in it, Escape closes it. */
export function Details({ id }: { readonly id: string }): VNode {
  const { chat, router } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  const [asked, setAsked] = useState(false);
  const message = chat.known.value.get(id)?.message;
  const close = (): void => router.go({ ...router.route.value, message: null });
  useEffect(() => {
    dialog.current?.showModal();
    void chat.look(id).finally(() => setAsked(true));
  }, [id]);
  const onClick = (event: MouseEvent): void => {
    if (event.target === dialog.current) close();
  };
  return (
    <dialog class="details" ref={dialog} aria-labelledby="details-title" onClose={close} onClick={onClick}>
      <div class="details-inner">
        <header>
          <h2 id="details-title">Message</h2>
          <button type="button" class="icon-button" onClick={close} aria-label="Close">
            <Icon name="close" />
          </button>
        </header>
        {message !== undefined && <Body message={message} />}
        {message === undefined && (
          <p class="muted">
            {asked ? "There is no message with this id, or it can’t be read now." : "Reading…"}
          </p>
        )}
      </div>
    </dialog>
  );
}

function Body({ message }: { readonly message: Message }): VNode {
  const state = stateWords(message, null, exactTime);
  return (
    <>
      <p class={`state-line ${state.tone}`}>
        <span class="state-words">
          <span class={`dot ${state.tone}`} />
          <strong>{state.label}</strong>
          {state.more !== null && <span class="state-more">{state.more}</span>}
        </span>
      </p>
      <HoldBox message={message} />
      <Facts message={message} />
      <h3>What happened</h3>
      <Life lines={message.history} />
      <h3>Deliveries</h3>
      <Deliveries deliveries={message.deliveries} />
    </>
  );
}

function HoldBox({ message }: { readonly message: Message }): VNode | null {
  const row = message.hold === null ? null : errorRow(message.hold.code);
  if (row === null || message.state !== "held") return null;
  return (
    <p class="note">
      <Words text={`${row.summary} ${row.fix}`} />
    </p>
  );
}

function Facts({ message }: { readonly message: Message }): VNode {
  const { hold, harness, model, generation, replayOf, clientId } = message;
  const rows: readonly (readonly [string, string | null])[] = [
    ["Id", message.id],
    ["From", message.sender],
    ["Where", `${message.channel}/${message.account}/${message.conversation}`],
    ["Agent", message.agent],
    [
      message.reply === null ? "Last tried with" : "Answered by",
      harness === null ? null : `${harness}/${model ?? "default"}`,
    ],
    ["Attempts", String(message.attempts)],
    ["Accepted", exactTime(message.acceptedAt)],
    ["Held since", hold === null ? null : `${exactTime(hold.since)} (${hold.code})`],
    ["Incident", hold?.incident ?? null],
    ["Configuration", generation === null ? null : `number ${generation}`],
    ["Again of", replayOf],
    ["Session", message.session],
    ["Client id", clientId],
  ];
  return (
    <dl class="facts">
      {rows.map(([name, value]) =>
        value === null || value === "" ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value}
              {name === "Id" && <CopyButton text={value} what="the id" />}
            </dd>
          </div>
        ),
      )}
    </dl>
  );
}
