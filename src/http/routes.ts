import {
  createToken,
  decidePairing,
  drain,
  listPairings,
  listTokens,
  reload,
  resetSession,
  revokePairing,
  revokeToken,
} from "./admin.ts";
import { makeBackup, purgeMessages } from "./archive.ts";
import { acknowledgeAlert, listAlerts, muteAlerts, testAlerts } from "./alerts.ts";
import { streamEvents } from "./event-stream.ts";
import {
  cancelMessage,
  listMessages,
  notify,
  releaseHeld,
  releaseMessage,
  retryMessage,
  showMessage,
} from "./messages.ts";
import { rerunMessage, retryDead } from "./reruns.ts";
import type { Route } from "./router.ts";
import { sendMessage } from "./send-message.ts";
import { createLink, signIn, signOut } from "./sign-in-routes.ts";
import { listSessions, showHealth, showMetrics, showPart, showStatus } from "./views.ts";

const API = "/api/v1";

/**
 * Every path that is served, beside the four health paths and the page's files. `docs/guides/api.md` describes each;
 * a test holds the two together.
 */
// prettier-ignore
export const ROUTES: readonly Route[] = [
  { method: "GET", path: "/metrics", auth: "metrics", run: showMetrics },

  { method: "POST", path: `${API}/messages`, auth: "token", run: sendMessage },
  { method: "GET", path: `${API}/messages`, auth: "token", run: listMessages },
  { method: "GET", path: `${API}/messages/:id`, auth: "token", run: showMessage },
  { method: "POST", path: `${API}/messages/retry`, auth: "token", run: retryDead },
  { method: "POST", path: `${API}/messages/:id/retry`, auth: "token", run: retryMessage },
  { method: "POST", path: `${API}/messages/:id/rerun`, auth: "token", run: rerunMessage },
  { method: "POST", path: `${API}/messages/purge`, auth: "token", run: purgeMessages },
  { method: "POST", path: `${API}/messages/release`, auth: "token", run: releaseHeld },
  { method: "POST", path: `${API}/messages/:id/release`, auth: "token", run: releaseMessage },
  { method: "POST", path: `${API}/messages/:id/cancel`, auth: "token", run: cancelMessage },
  { method: "POST", path: `${API}/notify`, auth: "token", run: notify },
  { method: "GET", path: `${API}/events`, auth: "token", run: streamEvents },

  { method: "GET", path: `${API}/status`, auth: "token", run: showStatus },
  { method: "GET", path: `${API}/health`, auth: "token", run: showHealth },
  { method: "GET", path: `${API}/agents`, auth: "token", run: showPart("agents") },
  { method: "GET", path: `${API}/harnesses`, auth: "token", run: showPart("harnesses") },
  { method: "GET", path: `${API}/channels`, auth: "token", run: showPart("channels") },
  { method: "GET", path: `${API}/sessions`, auth: "token", run: listSessions },
  { method: "POST", path: `${API}/sessions/reset`, auth: "token", run: resetSession },
  { method: "GET", path: `${API}/alerts`, auth: "token", run: listAlerts },
  { method: "POST", path: `${API}/alerts/test`, auth: "token", run: testAlerts },
  { method: "POST", path: `${API}/alerts/mute`, auth: "token", run: muteAlerts },
  { method: "POST", path: `${API}/alerts/:id/ack`, auth: "token", run: acknowledgeAlert },
  { method: "POST", path: `${API}/reload`, auth: "token", run: reload },
  { method: "POST", path: `${API}/backup`, auth: "token", run: makeBackup },
  { method: "POST", path: `${API}/drain`, auth: "token", run: drain },

  { method: "GET", path: `${API}/pairing`, auth: "token", run: listPairings },
  { method: "POST", path: `${API}/pairing/revoke`, auth: "token", run: revokePairing },
  { method: "POST", path: `${API}/pairing/:code/approve`, auth: "token", run: decidePairing("approved") },
  { method: "POST", path: `${API}/pairing/:code/deny`, auth: "token", run: decidePairing("denied") },
  { method: "GET", path: `${API}/tokens`, auth: "token", run: listTokens },
  { method: "POST", path: `${API}/tokens`, auth: "token", run: createToken },
  { method: "DELETE", path: `${API}/tokens/:id`, auth: "token", run: revokeToken },
  { method: "POST", path: `${API}/links`, auth: "token", run: createLink },
  { method: "POST", path: `${API}/sign-in`, auth: "open", run: signIn },
  { method: "POST", path: `${API}/sign-out`, auth: "token", run: signOut },
];
