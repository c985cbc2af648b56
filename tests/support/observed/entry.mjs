// The built Worker with an observed bucket, observed counters and an observed database: the same module, the same bindings, in the
// same isolate.
//
// A request may carry `x-test-fail-read: N`, `x-test-fail-counters` with how they fail, or `x-test-fail-database: N before|after`;
// every answer carries what the request cost. Only tests and measurements run this; the Worker that ships knows nothing of it.

import { wasmMemory } from "./memory.mjs";
import { observedBucket } from "./bucket.mjs";
import { observedCounters } from "./counters.mjs";
import { databaseFailure, observedDatabase } from "./database.mjs";
import Worker from "../../../build/index.js";

export * from "../../../build/index.js";

export default {
  /**
   * @param {Request} request
   * @param {any} env
   * @param {any} ctx
   */
  async fetch(request, env, ctx) {
    const tally = { reads: 0, lists: 0, bytes: 0, counters: 0, early: 0, databaseCalls: 0 };
    const failFrom = Number(request.headers.get("x-test-fail-read") ?? 0);
    const failure = /** @type {import("./counters.mjs").Failure | null} */ (request.headers.get("x-test-fail-counters"));
    const headers = new Headers(request.headers);
    const failing = databaseFailure(request.headers.get("x-test-fail-database"));
    for (const name of ["x-test-fail-read", "x-test-fail-counters", "x-test-fail-database"]) headers.delete(name);

    const DB = observedDatabase(env.DB, tally, failing);
    const observing = { ...observedCounters({ ...env, DB }, tally, failure), LAKE: observedBucket(env.LAKE, tally, failFrom) };
    const worker = new Worker(ctx, { ...env, ...observing });
    const response = await worker.fetch(new Request(request, { headers }));
    // Read to the end first: a streamed answer still reads while it is written.
    const body = response.body ? await response.arrayBuffer() : null;

    const observed = new Response(body, response);
    observed.headers.set("x-test-cost", JSON.stringify({ ...tally, wasmMemory: wasmMemory() }));
    return observed;
  },
};
