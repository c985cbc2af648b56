// Asks the benchmark's questions of the built Worker in workerd, over local R2: `node workerd.mjs --data DIR --state DIR`.
//
// Each question gets a Worker of its own, so that its first run finds nothing kept and the memory it needed is its own. Then the same is
// asked again, and then of other days: the same columns of the same files, but no answer that was given before. Prints JSON.

import { parseArgs } from "node:util";

import { migrate } from "../xtask/local/migrations.mjs";
import { startWorker } from "../xtask/local/runtime.mjs";
import { Mcp } from "../tests/support/mcp.mjs";
import { OBSERVED } from "../tests/support/observed.mjs";
import { admitAll } from "../tests/support/tenants.mjs";
import { PROJECT, load } from "./project.mjs";
import { argumentsOf, median, questions, varies } from "./questions.mjs";

const REPEATS = 5;

const { values } = parseArgs({ options: { data: { type: "string" }, state: { type: "string" }, only: { type: "string" } } });
const { data, state } = values;
if (!data || !state) throw new Error("--data DIR and --state DIR are required");

const asked = questions.filter(({ name }) => name.includes(values.only ?? ""));
await load(data, state);
const answers = [];
for (const question of asked) {
  console.error(`▸ workerd: ${question.name}`);
  answers.push(await measure(question));
}
console.log(JSON.stringify(answers));

/** @param {import("./questions.mjs").Question} question */
async function measure(question) {
  const worker = await startWorker({ state, around: OBSERVED });
  try {
    await migrate(worker.db);
    const { tokens } = await admitAll(worker.db, [PROJECT]);
    const mcp = new Mcp(new URL("/mcp", worker.url), tokens[PROJECT.id]);
    // The module is compiled with the first request, whatever it asks.
    await mcp.request("ping");
    const first = await ask(mcp, question, 1);
    const again = [];
    for (let run = 0; run < REPEATS; run += 1) again.push(await ask(mcp, question, 1));
    const others = [];
    for (const day of varies(question) ? [2, 3, 4] : []) others.push(await ask(mcp, question, day));
    const refusal = [first, ...again, ...others].find((run) => run.refusal)?.refusal ?? null;
    return {
      name: question.name,
      firstMs: first.ms,
      differentMs: others.length > 0 ? median(others.map(({ ms }) => ms)) : null,
      againMs: median(again.map(({ ms }) => ms)),
      first: first.cost,
      different: others[0]?.cost ?? null,
      again: again[0].cost,
      wasmMemory: (others.at(-1) ?? again.at(-1))?.cost.wasmMemory,
      refusal,
    };
  } finally {
    await worker.stop();
  }
}

/**
 * @param {Mcp} mcp
 * @param {import("./questions.mjs").Question} question
 * @param {number} day the first of the days asked for
 */
async function ask(mcp, question, day) {
  const { tool } = question;
  const started = performance.now();
  const { status, headers, body, text } = await mcp.exchange("tools/call", { name: tool, arguments: argumentsOf(question, day) });
  const ms = performance.now() - started;
  if (status !== 200 || !body?.result) throw new Error(`${tool}: HTTP ${status}: ${text.slice(0, 500)}`);
  const refusal = body.result.isError ? body.result.content[0].text : null;
  return { ms, refusal, cost: JSON.parse(headers.get("x-test-cost") ?? "null") };
}
