// Every other host of the internet, as far as the Worker under test is concerned: what a test says it answers, and else nothing.

import { Response } from "miniflare";

/** @typedef {{status?: number, headers?: Record<string, string>, body?: string | Uint8Array, afterMs?: number}} Document */

export const otherHosts = {
  /** @type {Map<string, Document | (() => Document)>} */
  documents: new Map(),

  /** Every address asked for, in order. @type {string[]} */
  asked: [],

  /** @param {any} request */
  async answer(request) {
    const { url } = request;
    otherHosts.asked.push(url);
    const found = otherHosts.documents.get(url);
    if (!found) return new Response("no such host", { status: 404 });
    const { status = 200, headers = { "content-type": "application/json" }, body = "", afterMs = 0 } = typeof found === "function" ? found() : found;
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    return new Response(body, { status, headers });
  },
};
