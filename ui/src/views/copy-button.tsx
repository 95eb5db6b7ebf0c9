import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

/** Copies a text, and says that it did. `what` completes "Copy …" for who can't see the picture. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }): VNode {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (): void => void copyText(text).then(setCopied);
  return (
    <button type="button" class="small-button" onClick={copy} aria-label={copied ? "Copied" : `Copy ${what}`}>
      <Icon name={copied ? "check" : "copy"} />
      <span aria-hidden="true">{copied ? "Copied" : "Copy"}</span>
    </button>
  );
}

/** The clipboard is closed to pages that came over plain HTTP from another machine: there a selection is copied. */
async function copyText(text: string): Promise<boolean> {
  if (globalThis.isSecureContext && "clipboard" in navigator) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch (error) {
      // The person or the browser said no: the way below may still work.
      if (!(error instanceof DOMException)) throw error;
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}
