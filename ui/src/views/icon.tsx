import type { VNode } from "preact";

const PATHS = {
  attach:
    "m20 11.5-8.2 8.2a5 5 0 0 1-7-7l8.3-8.3a3.3 3.3 0 0 1 4.7 4.7l-8.2 8.2a1.7 1.7 0 0 1-2.4-2.4l7.6-7.5",
  send: "M12 19V5m-6 6 6-6 6 6",
  stop: "M7 7h10v10H7z",
  copy: "M9 9h10v10H9zM5 15V5h10",
  check: "m5 13 4.5 4.5L19 7",
  menu: "M4 7h16M4 12h16M4 17h16",
  plus: "M12 5v14M5 12h14",
  close: "m6 6 12 12M18 6 6 18",
  again: "M20 12a8 8 0 1 1-2.6-5.9M20 3v4h-4",
  details: "M12 11v6m0-9.5v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  down: "M12 5v14m6-6-6 6-6-6",
  leave: "M14 5h-8v14h8m-3-7h10m-3.5-3.5L21 12l-3.5 3.5",
  pulse: "M3 12h4l3-7 4 14 3-7h4",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
} as const;

/** A picture beside words: it says nothing by itself to a screen reader. */
export function Icon({ name }: { readonly name: keyof typeof PATHS }): VNode {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The sign of the page. */
export function Mark(): VNode {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M8 11h9M8 16h6M8 21h5" />
      <path d="m16.5 19.5 3.2 3.2 6-8" />
    </svg>
  );
}
