import type { VNode } from "preact";
import { keepDraft } from "../state/box.ts";
import type { UnsentView } from "../state/sender.ts";
import { Asked } from "./asked.tsx";
import { Icon } from "./icon.tsx";
import { Words } from "./words.tsx";
import { usePage } from "./use-page.ts";

/** A message that the gateway hasn't confirmed: on its way, waiting for the way, or refused. */
export function UnsentMessage({ item }: { readonly item: UnsentView }): VNode {
  const { sender } = usePage();
  const files = item.attachments.map(({ name, data }) => ({
    name,
    bytes: Math.floor((data.length * 3) / 4),
  }));
  return (
    <article class="exchange" aria-label="Message that is not sent yet" data-unsent={item.id}>
      <Asked text={item.text} attachments={files} />
      <div class={`state-line ${item.refusal === null ? "working" : "bad"}`}>
        <span class="state-words">
          <span class={`dot ${item.refusal === null ? "working" : "bad"}`} />
          <UnsentWords item={item} />
        </span>
        {!item.sending && (
          <span class="state-buttons">
            {item.refusal !== null && <EditButton item={item} />}
            <button type="button" class="small-button" onClick={() => sender.discard(item.id)}>
              <Icon name="close" />
              Discard
            </button>
          </span>
        )}
      </div>
    </article>
  );
}

function UnsentWords({ item }: { readonly item: UnsentView }): VNode {
  if (item.refusal !== null) {
    return (
      <>
        <strong>Not accepted</strong>
        <span class="state-more">
          <Words text={item.refusal} />
        </span>
      </>
    );
  }
  if (item.sending) return <strong>Sending…</strong>;
  const kept = item.kept
    ? "It is kept in this browser and sent as soon as the gateway can be reached."
    : "It is sent as soon as the gateway can be reached. Keep this page open: the browser has no room to keep it.";
  return (
    <>
      <strong>Not sent yet</strong>
      <span class="state-more">{kept}</span>
    </>
  );
}

function EditButton({ item }: { readonly item: UnsentView }): VNode {
  const { sender, box } = usePage();
  const edit = (): void => {
    keepDraft(box, item.conversation, item.text);
    sender.discard(item.id);
    const field = document.querySelector<HTMLTextAreaElement>("#composer");
    if (field === null) return;
    field.value = item.text;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    field.focus();
  };
  return (
    <button type="button" class="small-button loud" onClick={edit}>
      Edit
    </button>
  );
}
