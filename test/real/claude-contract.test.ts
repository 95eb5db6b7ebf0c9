import { harnessSuite } from "../contracts/harness-suite.ts";
import { realClaudeRig } from "./real-claude.ts";

harnessSuite({
  name: "the real claude",
  rig: (max) => realClaudeRig({ max }),
  without: { "late words": "the real program can't be made to write after the end of a turn" },
  prompts: {
    plain: { text: "the word is aubergine", words: /aubergine/ },
    recall: "what was it?",
    slow: "take your time",
    late: "",
    failing: [
      { text: "fail 401", class: "structural", code: "harness-login" },
      { text: "fail 404", class: "structural", code: "harness-model" },
      { text: "fail 429", class: "wait", code: "harness-limit" },
      { text: "fail 500", class: "failed", code: "harness-failed" },
      { text: "fail cut", class: "failed", code: "harness-failed" },
      { text: "fail 529", class: "failed", code: "harness-overloaded" },
      { text: "fail 400", class: "refused", code: "turn-refused" },
      { text: "refuse this", class: "refused", code: "turn-refused" },
    ],
  },
});
