import { DAY, MINUTE, SECOND } from "../core/time.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Every bound of the HTTP side that is not one of the whole gateway's. Times in milliseconds. */
export const HTTP_LIMITS = {
  /** Body of every request but a message's, in bytes. */
  smallBody: 256 * KIB,
  /** Body of a sign-in: it is read before the caller is known. */
  signInBody: 4 * KIB,
  /** What is thrown away of a body that was too large before the connection is cut, in bytes. */
  discard: 64 * MIB,
  /** Nesting of a JSON body. */
  jsonDepth: 32,
  /** Open connections; more wait in the system's queue. */
  connections: 1024,
  /** Time to send all headers of a request. */
  headers: 10 * SECOND,
  /** Time to send a whole request. */
  request: 120 * SECOND,
  keepAlive: 65 * SECOND,
  /** How often the two times above are checked. */
  checkEvery: 2 * SECOND,

  /** Longest `?wait=`, in seconds. */
  waitSeconds: 60,
  /** A waiting request looks at the store this often, should an event be missed. */
  waitLook: SECOND,
  list: 200,
  listDefault: 50,
  /** Names that a caller chooses, in UTF-16 units. */
  clientIdUnits: 200,
  conversationUnits: 200,
  nameUnits: 100,
  addressUnits: 2000,

  heartbeat: 15 * SECOND,
  /** A watcher whose connection takes nothing for this long is dropped. */
  stalledWatcher: 30 * SECOND,

  linkAge: 10 * MINUTE,
  linksOpen: 20,
  signInTries: 10,
  signInWindow: MINUTE,
  /** Clients whose failed tries are counted at once. */
  signInClients: 1000,
  sessionAge: 30 * DAY,
  sessions: 50,

  pageFiles: 300,
  pageBytes: 20 * MIB,
} as const;
