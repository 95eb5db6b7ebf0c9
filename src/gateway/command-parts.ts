// What commands need of the program beside a running gateway. Light: nothing here opens anything.
export { locateState, stateHome } from "../config/locate.ts";
export { hashSecret } from "../http/hash-secret.ts";
export { messageJson } from "../http/message-json.ts";
export { prettyLine } from "../platform/log-line.ts";
