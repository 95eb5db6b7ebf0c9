import { harnessSuite } from "../contracts/harness-suite.ts";
import { claudeRig } from "./rig.ts";

harnessSuite({
  name: "claude-cli",
  rig: (max) => claudeRig({ max }),
  without: {},
  prompts: {
    plain: { text: "the word is aubergine", words: /aubergine/ },
    recall: "what was it? fake:recall",
    slow: `fake:slow=50 fake:say=${"word_".repeat(2000)}`,
    late: "fake:late",
    failing: [
      { text: "fake:error=login", class: "structural", code: "harness-login" },
      { text: "fake:error=401", class: "structural", code: "harness-login" },
      { text: "fake:retry=401", class: "structural", code: "harness-login" },
      { text: "fake:error=404", class: "structural", code: "harness-model" },
      { text: "fake:error=429", class: "wait", code: "harness-limit" },
      { text: "fake:retry=429/60000", class: "wait", code: "harness-limit" },
      { text: "fake:error=500", class: "failed", code: "harness-failed" },
      { text: "fake:error=cut", class: "failed", code: "harness-failed" },
      { text: "fake:error=529", class: "failed", code: "harness-overloaded" },
      { text: "fake:error=400", class: "refused", code: "turn-refused" },
      { text: "fake:refuse", class: "refused", code: "turn-refused" },
      { text: "fake:garbage", class: "protocol", code: "harness-protocol" },
      { text: "fake:half", class: "protocol", code: "harness-protocol" },
      { text: "fake:line", class: "protocol", code: "harness-protocol" },
      { text: "fake:exit=0", class: "failed", code: "harness-exited" },
      { text: "fake:exit=1", class: "failed", code: "harness-exited" },
      { text: "fake:signal=SIGSEGV", class: "failed", code: "harness-exited" },
    ],
  },
});
