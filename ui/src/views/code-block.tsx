import type { VNode } from "preact";
import { CopyButton } from "./copy-button.tsx";

/** A block of code, with its language and a way to copy it. */
export function CodeBlock({ text, lang }: { readonly text: string; readonly lang: string }): VNode {
  return (
    <figure class="code">
      <figcaption>
        <span>{lang === "" ? "text" : lang}</span>
        <CopyButton text={text} what="the code" />
      </figcaption>
      <pre tabIndex={0} aria-label={lang === "" ? "Code" : `Code, ${lang}`}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}
