// The built Worker in workerd, with the bindings of wrangler.toml.
//
// One way to start it for the local server, the tests and the measurements, so that all of them run what wrangler deploys.
// It loads no data and knows nothing of the Worker but its modules.

import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions as workerOptionsOf } from "wrangler";

/** The workspace's root. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/** Where wrangler keeps local state; what it wrote we read, and the other way round. */
export const WRANGLER_STATE = path.join(ROOT, ".wrangler", "state");

/** The Worker's modules as `cargo xtask build` leaves them, relative to the root. The first one is the entry. */
const BUILT = [
  { type: "ESModule", path: "build/index.js" },
  { type: "CompiledWasm", path: "build/index_bg.wasm" },
];

/**
 * @typedef {object} Running
 * @property {URL} url where it answers
 * @property {any} db its D1 database
 * @property {any} lake its R2 bucket
 * @property {() => Promise<void>} scheduled runs what the cron triggers run
 * @property {() => Promise<void>} stop ends the process
 */

/**
 * Starts the Worker.
 *
 * @param {object} [options]
 * @param {string} [options.host] `localhost` listens on IPv4 and IPv6
 * @param {number} [options.port] 0: any free one
 * @param {string} [options.state] a directory to keep state in, as wrangler's; none: state is gone with the process
 * @param {string[]} [options.around] modules, relative to the root, put around the built ones; the first one is the entry
 * @param {Record<string, string>} [options.vars] variables over those of wrangler.toml
 * @param {(request: any) => any} [options.outbound] answers for every other host; none: the Worker reaches them itself
 * @param {(line: string) => void} [options.log] what the Worker logs; by default it goes to standard error, since standard output
 *   belongs to whoever starts this
 * @returns {Promise<Running>}
 */
export async function startWorker({ host = "127.0.0.1", port = 0, state, around = [], vars = {}, outbound, log = console.error } = {}) {
  for (const module of BUILT) {
    if (!existsSync(path.join(ROOT, module.path))) {
      throw new Error(`${module.path} is missing: run \`cargo xtask build --profile quick\``);
    }
  }
  const modules = [...around.map((file) => ({ type: "ESModule", path: file })), ...BUILT];
  const { workerOptions } = workerOptionsOf(path.join(ROOT, "wrangler.toml"));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host,
      port,
      cf: false,
      log: new Log(LogLevel.WARN),
      handleStructuredLogs: ({ message }) => log(message),
      ...(state ? { resourcePersistencePath: path.join(state, "v3") } : {}),
      workers: [
        {
          ...workerOptions,
          // On this machine only: a page that points its own name at it must not get an answer (DNS rebinding).
          bindings: { ...workerOptions.bindings, PUBLIC_URL: "http://localhost", ...vars },
          ...(outbound ? { outboundService: outbound } : {}),
          rootPath: ROOT,
          modulesRoot: ROOT,
          modules: modules.map((module) => ({ ...module, path: path.join(ROOT, module.path) })),
        },
      ],
    }),
  );
  const url = await miniflare.ready;
  return {
    url,
    db: await miniflare.getD1Database("DB"),
    lake: await miniflare.getR2Bucket("LAKE"),
    scheduled: async () => {
      await (await miniflare.getWorker()).scheduled({ cron: "17 * * * *" });
    },
    stop: () => miniflare.dispose(),
  };
}

/**
 * The local D1 and R2 without the Worker, which need not be built for it. A server that runs meanwhile sees what is written.
 *
 * @param {string} state a directory to keep state in, as wrangler's
 * @returns {Promise<Pick<Running, "db" | "lake" | "stop">>}
 */
export async function openState(state) {
  const { workerOptions } = workerOptionsOf(path.join(ROOT, "wrangler.toml"));
  const { name, compatibilityDate, d1Databases, r2Buckets } = workerOptions;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      log: new Log(LogLevel.WARN),
      resourcePersistencePath: path.join(state, "v3"),
      workers: [{ name, compatibilityDate, d1Databases, r2Buckets, modules: true, script: "export default {};" }],
    }),
  );
  await miniflare.ready;
  return {
    db: await miniflare.getD1Database("DB"),
    lake: await miniflare.getR2Bucket("LAKE"),
    stop: () => miniflare.dispose(),
  };
}
