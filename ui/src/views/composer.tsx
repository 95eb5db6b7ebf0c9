import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Upload } from "../api/client.ts";
import type { Message } from "../api/wire.ts";
import { keepDraft, readDraft } from "../state/box.ts";
import { AgentPicker } from "./agent-picker.tsx";
import { Icon } from "./icon.tsx";
import { PickedFiles } from "./picked-files.tsx";
import { readUpload, type PickedFile } from "./picked-file.ts";
import { usePage } from "./use-page.ts";

interface Props {
  readonly name: string;
  readonly messages: readonly Message[];
  readonly files: readonly PickedFile[];
  readonly onFiles: (list: FileList) => void;
  readonly onChange: (files: readonly PickedFile[]) => void;
}

/** Where one writes. Enter sends; on a touch screen Enter makes a new line and the button sends. */
export function Composer({ name, messages, files, onFiles, onChange }: Props): VNode {
  const page = usePage();
  const [text, setText] = useState(() => readDraft(page.box, name));
  const field = useRef<HTMLTextAreaElement>(null);
  const running = messages.some(({ state }) => state === "running" || state === "queued");
  const empty = text.trim() === "" && files.length === 0;

  const change = (to: string): void => {
    setText(to);
    keepDraft(page.box, name, to);
  };
  const send = async (): Promise<void> => {
    if (empty) return;
    let uploads: readonly Upload[];
    try {
      uploads = await Promise.all(files.map(readUpload));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      page.notice.value = "A file can’t be read any more. Choose it again.";
      return;
    }
    page.send(name, text, uploads);
    change("");
    onChange([]);
    field.current?.focus();
  };
  return (
    <form class="composer column" onSubmit={(event) => (event.preventDefault(), void send())}>
      <div class="composer-card">
        <PickedFiles files={files} onChange={onChange} />
        <Field
          text={text}
          field={field}
          running={running}
          onText={change}
          onFiles={onFiles}
          onSend={() => void send()}
        />
        <div class="composer-row">
          <FileButton onFiles={onFiles} />
          <AgentPicker name={name} />
          <button type="submit" class="send-button" disabled={empty} aria-label="Send">
            <Icon name="send" />
          </button>
        </div>
      </div>
      <AgentHint name={name} />
    </form>
  );
}

interface FieldProps {
  readonly text: string;
  readonly field: { current: HTMLTextAreaElement | null };
  readonly running: boolean;
  readonly onText: (text: string) => void;
  readonly onFiles: (list: FileList) => void;
  readonly onSend: () => void;
}

function isTouch(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}

function Field({ text, field, running, onText, onFiles, onSend }: FieldProps): VNode {
  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === "Escape") leave(field.current, running);
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    if (isTouch() && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    onSend();
  };
  const onPaste = (event: ClipboardEvent): void => {
    const list = event.clipboardData?.files;
    if (list === undefined || list.length === 0) return;
    event.preventDefault();
    onFiles(list);
  };
  useGrow(field, text);
  useEffect(() => {
    if (!isTouch()) field.current?.focus();
  }, []);
  return (
    <>
      <label class="unseen" for="composer">
        Message
      </label>
      <textarea
        id="composer"
        ref={field}
        rows={1}
        value={text}
        placeholder="Write a message"
        onInput={(event) => onText(event.currentTarget.value)}
        onKeyDown={onKey}
        onPaste={onPaste}
      />
    </>
  );
}

/** Escape never stops an answer by itself: it leads to the button that does, or out of the field. */
function leave(field: HTMLTextAreaElement | null, running: boolean): void {
  const stops = document.querySelectorAll<HTMLButtonElement>('.exchange [data-offer="cancel"]');
  const last = [...stops].at(-1);
  if (running && last !== undefined) last.focus();
  else field?.blur();
}

function FileButton({ onFiles }: { readonly onFiles: (list: FileList) => void }): VNode {
  const input = useRef<HTMLInputElement>(null);
  const chosen = (): void => {
    const list = input.current?.files;
    if (list != null) onFiles(list);
    if (input.current !== null) input.current.value = "";
  };
  return (
    <>
      <input type="file" multiple ref={input} onChange={chosen} hidden aria-label="Files to attach" />
      <button
        type="button"
        class="icon-button"
        onClick={() => input.current?.click()}
        aria-label="Attach files"
      >
        <Icon name="attach" />
      </button>
    </>
  );
}

/** Says before something is sent that its answer will take longer. */
function AgentHint({ name }: { readonly name: string }): VNode | null {
  const { report, agentOf } = usePage();
  const agent = report.value?.agents.find(({ id }) => id === agentOf(name));
  if (agent === undefined || agent.servable) return null;
  return (
    <p class="composer-hint" role="status">
      {agent.id} can’t answer right now. What you write is kept and answered as soon as it can.
    </p>
  );
}

/** The field is as high as its text, up to what the style allows. */
function useGrow(field: { readonly current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const { current } = field;
    if (current === null) return;
    current.style.height = "auto";
    current.style.height = `${current.scrollHeight}px`;
  }, [text]);
}
