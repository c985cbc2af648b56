// The Worker under test, with the test data in its bucket: one instance for all files of a run.
//
// Run through `cargo xtask test --only workerd`, which builds the Worker, makes the data and puts all files into one process. There a
// hook outside of every `describe` is a hook of all files: the one below means to be, a test file's own belongs into its `describe`.

import { existsSync } from "node:fs";
import path from "node:path";
import { after } from "node:test";

import { migrate } from "../../xtask/local/migrations.mjs";
import { startWorker } from "../../xtask/local/runtime.mjs";
import { OBSERVED } from "./observed.mjs";
import { otherHosts } from "./other-hosts.mjs";
import { loadTenants } from "./tenants.mjs";

/** The day the demo data ends (`xtask/src/test/data.rs`); tests name their ranges, so that it is no matter when they run. */
export const LAST_DAY = "2026-06-30";

/** A range well inside the demo data. */
export const RANGE = { startDate: "2026-06-01", endDate: "2026-06-30" };


/** How long access tokens of the brief Worker last: long enough to be used once, short enough to wait for. */
export const BRIEF_SECONDS = 2;

/** How the Worker is started for what. @type {Record<Kind, Parameters<typeof startWorker>[0]>} */
const KINDS = {
  shipped: {},
  observed: { around: OBSERVED },
  brief: { vars: { ACCESS_TOKEN_SECONDS: String(BRIEF_SECONDS) }, outbound: (request) => otherHosts.answer(request) },
};

/**
 * @typedef {import("../../xtask/local/runtime.mjs").Running & {
 *   endpoint: string,
 *   tenants: import("./tenants.mjs").Tenants,
 *   logged: string[],
 * }} Server `logged` is every line the Worker wrote
 */

/** @typedef {"shipped" | "observed" | "brief"} Kind */

/** @type {Map<Kind, Promise<Server>>} */
const running = new Map();

/** The built Worker as it ships. */
export const shipped = () => once("shipped");

/** The built Worker with a bucket, counters and a database that can be made to fail, and that tell what is asked of them. */
export const observed = () => once("observed");

/** The built Worker with access tokens of seconds, and with other hosts that are the tests' own (`otherHosts`). */
export const brief = () => once("brief");

after(async () => {
  for (const server of running.values()) await (await server).stop();
});

/**
 * @param {Kind} kind
 * @returns {Promise<Server>}
 */
function once(kind) {
  let server = running.get(kind);
  if (!server) {
    server = start(kind);
    running.set(kind, server);
  }
  return server;
}

/** @param {Kind} kind */
async function start(kind) {
  const demo = demoFolder();
  /** @type {string[]} */
  const logged = [];
  const worker = await startWorker({ ...KINDS[kind], log: (line) => logged.push(line) });
  await migrate(worker.db);
  const tenants = await loadTenants(worker, [demo]);
  return { ...worker, endpoint: new URL("/mcp", worker.url).href, tenants, logged };
}

/** The folder of the demo data. */
export function demoFolder() {
  const data = process.env.SIGHTLINE_TEST_DATA;
  if (!data || !existsSync(path.join(data, "demo"))) {
    throw new Error("SIGHTLINE_TEST_DATA names no test data: run `cargo xtask test --only workerd`");
  }
  return path.join(data, "demo");
}
