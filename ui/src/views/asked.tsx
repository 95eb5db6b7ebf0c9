import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { sizeText } from "../logic/times.ts";
import { Icon } from "./icon.tsx";

interface Props {
  readonly text: string;
  readonly attachments: readonly { readonly name: string; readonly bytes: number | null }[];
}

/** Texts beyond this many characters or lines are folded. */
const FOLD = { units: 1200, lines: 16 } as const;

/** What somebody wrote, as they wrote it. */
export function Asked({ text, attachments }: Props): VNode {
  const long = text.length > FOLD.units || text.split("\n").length > FOLD.lines;
  const [folded, setFolded] = useState(true);
  return (
    <div class="asked">
      {text !== "" && <p class={long && folded ? "asked-text folded" : "asked-text"}>{text}</p>}
      {long && (
        <button type="button" class="plain-button" aria-expanded={!folded} onClick={() => setFolded(!folded)}>
          {folded ? "Show all" : "Show less"}
        </button>
      )}
      {attachments.length > 0 && (
        <ul class="files" aria-label="Attached files">
          {attachments.map(({ name, bytes }, i) => (
            <li key={i}>
              <Icon name="file" />
              <span>{name}</span>
              {bytes !== null && <span class="muted">{sizeText(bytes)}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
