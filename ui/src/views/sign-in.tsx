import type { VNode } from "preact";
import { CopyButton } from "./copy-button.tsx";
import { Mark } from "./icon.tsx";
import { Words } from "./words.tsx";
import { usePage } from "./use-page.ts";

const COMMAND = "rollcall link";

/** For who isn't signed in: where a link comes from. */
export function SignIn(): VNode {
  const problem = usePage().session.problem.value;
  return (
    <main class="door" id="main" tabIndex={-1}>
      <div class="door-card">
        <Mark />
        <h1>Sign in to Rollcall</h1>
        {problem !== null && (
          <p class="door-problem" role="alert">
            <Words text={problem} />
          </p>
        )}
        <p>On the machine that runs the gateway, make a sign-in link and open it in this browser:</p>
        <div class="command">
          <code>{COMMAND}</code>
          <CopyButton text={COMMAND} what="the command" />
        </div>
        <p class="muted">
          A link works once and only for some minutes. For a phone, <code>rollcall link --qr</code> shows it
          as a code to scan. A gateway that starts for a try prints a link by itself.
        </p>
      </div>
    </main>
  );
}
