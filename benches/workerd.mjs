// Asks the benchmark's questions of the built Worker in workerd, over local R2: `node workerd.mjs --data DIR --state DIR`.
//
// Each question gets a Worker of its own, so that its first run is a cold one and the memory it needed is its own. Prints JSON.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";

import { migrate } from "../xtask/local/migrations.mjs";
import { startWorker } from "../xtask/local/runtime.mjs";
import { loadProject } from "../xtask/local/lake.mjs";
import { Mcp } from "../tests/support/mcp.mjs";
import { OBSERVED } from "../tests/support/observed.mjs";
import { admitAll } from "../tests/support/tenants.mjs";

const REPEATS = 5;
const PROJECT = { id: "bench", name: "Bench", organization: { id: "org_bench", name: "Bench" } };

const { values } = parseArgs({ options: { data: { type: "string" }, state: { type: "string" } } });
const { data, state } = values;
if (!data || !state) throw new Error("--data DIR and --state DIR are required");

const { range, questions } = JSON.parse(await readFile(new URL("questions.json", import.meta.url), "utf8"));
await load();
const answers = [];
for (const question of questions) {
  console.error(`▸ workerd: ${question.name}`);
  answers.push(await measure(question));
}
console.log(JSON.stringify(answers));

/** Puts the data into the bucket once; what was loaded is noted beside it. */
async function load() {
  const generation = await readFile(path.join(/** @type {string} */ (data), ".generation"), "utf8");
  const note = path.join(/** @type {string} */ (state), "loaded");
  if ((await readFile(note, "utf8").catch(() => "")) === generation) return;
  console.error("▸ workerd: loading the bucket");
  const worker = await startWorker({ state });
  await loadProject(worker.lake, PROJECT.id, path.join(/** @type {string} */ (data), PROJECT.id));
  await worker.stop();
  await mkdir(/** @type {string} */ (state), { recursive: true });
  await writeFile(note, generation);
}

/** @param {{name: string, tool: string, arguments: any}} question */
async function measure({ name, tool, arguments: given }) {
  const worker = await startWorker({ state, around: OBSERVED });
  try {
    await migrate(worker.db);
    const { tokens } = await admitAll(worker.db, [PROJECT]);
    const mcp = new Mcp(new URL("/mcp", worker.url), tokens[PROJECT.id]);
    // The module is compiled with the first request, whatever it asks.
    await mcp.request("ping");
    const args = tool === "query" ? given : { ...range, ...given };
    const runs = [];
    for (let run = 0; run <= REPEATS; run += 1) runs.push(await ask(mcp, tool, args));
    const [first, ...later] = runs;
    const refusal = runs.find((run) => run.refusal)?.refusal ?? null;
    return { name, firstMs: first.ms, medianMs: median(later.map(({ ms }) => ms)), first: first.cost, later: later[0].cost, refusal };
  } finally {
    await worker.stop();
  }
}

/**
 * @param {Mcp} mcp
 * @param {string} tool
 * @param {any} args
 */
async function ask(mcp, tool, args) {
  const started = performance.now();
  const { status, headers, body, text } = await mcp.exchange("tools/call", { name: tool, arguments: args });
  const ms = performance.now() - started;
  if (status !== 200 || !body?.result) throw new Error(`${tool}: HTTP ${status}: ${text.slice(0, 500)}`);
  const refusal = body.result.isError ? body.result.content[0].text : null;
  return { ms, refusal, cost: JSON.parse(headers.get("x-test-cost") ?? "null") };
}

/** @param {number[]} numbers */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
