// What a fresh isolate takes before it answers: `node start.mjs --state DIR`, which `workerd.mjs` has loaded. Prints JSON.
//
// Compiling and instantiating are measured in this process, whose V8 is a neighbour of workerd's; functions are compiled when they are
// first called, there as here. First answers are those of a Worker that has just been started, one for each kind of request.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

import { migrate } from "../xtask/local/migrations.mjs";
import { ROOT, startWorker } from "../xtask/local/runtime.mjs";
import { Mcp } from "../tests/support/mcp.mjs";
import { admitAll } from "../tests/support/tenants.mjs";
import { PROJECT } from "./project.mjs";
import { argumentsOf, median, questions } from "./questions.mjs";

const REPEATS = 5;
const QUERY = questions.find(({ tool }) => tool === "get_event_definitions");

const { values } = parseArgs({ options: { state: { type: "string" } } });
const { state } = values;
if (!state || !QUERY) throw new Error("--state DIR is required");

const bytes = await readFile(path.join(ROOT, "build", "index_bg.wasm"));
/** @type {Record<string, number[]>} */
const taken = { compileMs: [], instantiateMs: [], metadataMs: [], toolsListMs: [], queryMs: [] };
for (let run = 0; run < REPEATS; run += 1) {
  console.error(`▸ start: ${run + 1} of ${REPEATS}`);
  const module = await timed("compileMs", () => WebAssembly.compile(bytes));
  await timed("instantiateMs", () => WebAssembly.instantiate(module, stubs(module)));
  await fresh("metadataMs", async ({ url }) => {
    const response = await fetch(new URL("/.well-known/oauth-authorization-server", url));
    return response.ok && (await response.json());
  });
  await fresh("toolsListMs", async ({ mcp }) => (await mcp.exchange("tools/list", {})).body.result);
  await fresh("queryMs", async ({ mcp }) => {
    const { body } = await mcp.exchange("tools/call", { name: QUERY.tool, arguments: argumentsOf(QUERY, 1) });
    return body.result && !body.result.isError;
  });
}
const medians = Object.fromEntries(Object.entries(taken).map(([name, times]) => [name, median(times)]));
console.log(JSON.stringify({ wasmBytes: bytes.length, gzipBytes: gzipSync(bytes).length, ...medians }));

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 */
async function timed(name, work) {
  const started = performance.now();
  const outcome = await work();
  taken[name].push(performance.now() - started);
  return outcome;
}

/**
 * Times the first request of a Worker.
 *
 * @param {string} name
 * @param {(asked: {url: URL, mcp: Mcp}) => Promise<unknown>} ask truthy if it was answered
 */
async function fresh(name, ask) {
  const worker = await startWorker({ state });
  try {
    await migrate(worker.db);
    const { tokens } = await admitAll(worker.db, [PROJECT]);
    const mcp = new Mcp(new URL("/mcp", worker.url), tokens[PROJECT.id]);
    const answered = await timed(name, () => ask({ url: worker.url, mcp }));
    if (!answered) throw new Error(`${name}: the first request was not answered`);
  } finally {
    await worker.stop();
  }
}

/**
 * Something for every import: nothing is called.
 *
 * @param {WebAssembly.Module} module
 */
function stubs(module) {
  /** @type {Record<string, Record<string, any>>} */
  const imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const stub = { function: () => undefined, tag: /** @type {any} */ (WebAssembly).JSTag }[/** @type {string} */ (kind)];
    if (!stub) throw new Error(`the module imports a ${kind}`);
    (imports[from] ??= {})[name] = stub;
  }
  return imports;
}
