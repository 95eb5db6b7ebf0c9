import type { VNode } from "preact";
import type { Message } from "../api/wire.ts";
import { answerText } from "../logic/message-state.ts";
import { clockTime } from "../logic/times.ts";
import type { Progress } from "../state/chat.ts";
import { Asked } from "./asked.tsx";
import { Markdown } from "./markdown.tsx";
import { StateLine } from "./state-line.tsx";
import { usePage } from "./use-page.ts";

interface Props {
  readonly message: Message;
  /** Its answer stands under the next message, which was answered together with it. */
  readonly shared: boolean;
}

/** A message with its answer, or what is seen of it so far. */
export function MessageView({ message, shared }: Props): VNode {
  const { chat, now } = usePage();
  const progress = chat.progress(message.id).value;
  return (
    <article
      class="exchange"
      aria-label={`Message of ${clockTime(message.acceptedAt, now.value)}`}
      data-id={message.id}
    >
      <Asked text={message.text} attachments={message.attachments} />
      {shared ? (
        <p class="state-line">Answered together with the next message.</p>
      ) : (
        <>
          <Answer message={message} progress={progress} />
          <StateLine message={message} activity={progress?.activity ?? null} />
        </>
      )}
    </article>
  );
}

function Answer({
  message,
  progress,
}: {
  readonly message: Message;
  readonly progress: Progress | null;
}): VNode | null {
  const final = answerText(message);
  const text = final ?? progress?.text ?? "";
  const running = message.state === "running";
  if (text === "") return running ? <Dots /> : null;
  const partial = final === null && !running;
  return (
    <div class={partial ? "answer partial" : "answer"} aria-busy={running && final === null}>
      <Markdown text={text} />
    </div>
  );
}

function Dots(): VNode {
  return (
    <div class="dots" aria-hidden="true">
      <i />
      <i />
      <i />
    </div>
  );
}
