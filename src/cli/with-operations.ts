import type { Client } from "./client.ts";
import { findGateway } from "./connect.ts";
import type { Invocation } from "./invocation.ts";
import type { Operations } from "./operations.ts";

/**
 * Runs something on the gateway, or on its store under its lock when none is running.
 *
 * @throws RollcallError whatever either says
 */
export async function withOperations<T>(
  invocation: Invocation,
  run: (on: Operations) => Promise<T>,
): Promise<T> {
  const place = findGateway(invocation);
  if (place.kind === "gateway") return run(online(place.client));
  const { openOfflineOperations } = await import("./offline.ts");
  const offline = await openOfflineOperations(place.stateDir);
  try {
    return await run(offline.operations);
  } finally {
    await offline.close();
  }
}

function online(client: Client): Operations {
  const at = (id: string): string => `/api/v1/messages/${encodeURIComponent(id)}`;
  return {
    running: true,
    messages: (query) => client.get(`/api/v1/messages${queryText(query)}`),
    message: (id) => client.get(at(id)),
    retry: (id) => client.post(`${at(id)}/retry`, {}),
    rerun: (id, agent) => client.post(`${at(id)}/rerun`, agent === undefined ? {} : { agent }),
    planRerun: (id, agent) =>
      client.post(`${at(id)}/rerun`, { dryRun: true, ...(agent !== undefined && { agent }) }),
    retryDead: (agent) =>
      client.post("/api/v1/messages/retry", { dead: true, ...(agent !== undefined && { agent }) }),
    cancel: (id) => client.post(`${at(id)}/cancel`, {}),
    release: (id) => client.post(`${at(id)}/release`, {}),
    releaseHeld: (agent) =>
      client.post("/api/v1/messages/release", { held: true, ...(agent !== undefined && { agent }) }),
    purge: (request) => client.post("/api/v1/messages/purge", request),
    sessions: (limit) => client.get(`/api/v1/sessions${queryText({ limit })}`),
    resetSession: async (session) => void (await client.post("/api/v1/sessions/reset", { session })),
    pairings: () => client.get("/api/v1/pairing"),
    decidePairing: async (code, to) =>
      void (await client.post(`/api/v1/pairing/${encodeURIComponent(code)}/${to}`, {})),
    revokePairing: async (sender) => void (await client.post("/api/v1/pairing/revoke", { sender })),
    tokens: () => client.get("/api/v1/tokens"),
    createToken: (name) => client.post("/api/v1/tokens", { name }),
    revokeToken: async (id) => void (await client.delete(`/api/v1/tokens/${encodeURIComponent(id)}`)),
  };
}

function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}
