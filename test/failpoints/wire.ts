// Points at the requests to the platform, seen where Node itself tells of them.
import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import { pass } from "./pass.ts";

const SENDS = /\/(?:sendMessage|editMessageText)$/;

subscribe("http.client.request.created", (message) => {
  const { request } = message as { readonly request: ClientRequest };
  if (SENDS.test(request.path)) {
    pass("wire.send:begun");
    request.once("finish", () => pass("wire.send:gone"));
    request.prependOnceListener("response", () => pass("wire.send:answered"));
  } else if (request.path.endsWith("/getUpdates")) {
    request.once("finish", () => pass("wire.poll:gone"));
  }
});
