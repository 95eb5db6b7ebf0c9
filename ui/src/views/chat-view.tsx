import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { messagesOf } from "../logic/merge-messages.ts";
import { Composer } from "./composer.tsx";
import { Icon } from "./icon.tsx";
import { MessageList } from "./message-list.tsx";
import { pickFiles, type PickedFile } from "./picked-file.ts";
import { usePage } from "./use-page.ts";

/** One conversation: its messages, and where one writes. Files may be dropped anywhere on it. */
export function ChatView({ name, onMenu }: { readonly name: string; readonly onMenu: () => void }): VNode {
  const page = usePage();
  const [files, setFiles] = useState<readonly PickedFile[]>([]);
  const [over, setOver] = useState(false);
  const title = page.conversations.value.find((one) => one.name === name)?.title ?? name;
  const messages = messagesOf(page.chat.known.value, name);
  const add = (list: FileList): void => {
    const { picked, problem } = pickFiles(files, list);
    setFiles(picked);
    if (problem !== null) page.notice.value = problem;
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer !== null) add(event.dataTransfer.files);
  };
  const onDragOver = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault();
    setOver(true);
  };
  return (
    <main
      class={over ? "chat dropping" : "chat"}
      id="main"
      tabIndex={-1}
      onDrop={onDrop}
      onDragOver={onDragOver}
      onDragLeave={() => setOver(false)}
    >
      <header class="head">
        <button
          type="button"
          class="icon-button only-phone"
          onClick={onMenu}
          aria-label="Show the conversations"
        >
          <Icon name="menu" />
        </button>
        <h1>{title}</h1>
      </header>
      <MessageList name={name} messages={messages} />
      <Composer name={name} messages={messages} files={files} onFiles={add} onChange={setFiles} />
      {over && <div class="drop-hint">Drop files to attach them</div>}
    </main>
  );
}
