// A Worker over given data, for tests in other languages: `node serve.mjs --data DIR [--data DIR…] [--port N] [--access-token-seconds N]`;
// with `--clickhouse URL --password SECRET [--mapping NAME]` over a server that holds the data of these projects instead.
//
// Prints one line of JSON when it answers: `{url, tokens: {projectId: token}, roots: {organizationId: token}, people: {organizationId:
// {email, password}}}`. Runs until it is told to stop, or until whoever started it is gone.

import { parseArgs } from "node:util";

import { migrate } from "../../xtask/local/migrations.mjs";
import { newPerson, savePerson } from "../../xtask/local/people.mjs";
import { clickhouseVars } from "../../xtask/local/clickhouse.mjs";
import { projectsIn } from "../../xtask/local/projects.mjs";
import { startWorker } from "../../xtask/local/runtime.mjs";
import { admitAll, loadTenants } from "./tenants.mjs";

const { values } = parseArgs({
  options: {
    data: { type: "string", multiple: true, default: [] },
    port: { type: "string", default: "0" },
    "access-token-seconds": { type: "string", default: "" },
    clickhouse: { type: "string" },
    password: { type: "string", default: "" },
    mapping: { type: "string", default: "" },
  },
});

const vars = { ACCESS_TOKEN_SECONDS: values["access-token-seconds"] };
const { clickhouse, password, mapping } = values;
const worker = await startWorker({
  port: Number(values.port),
  vars: clickhouse ? { ...vars, ...clickhouseVars({ url: clickhouse, password, mapping }) } : vars,
});
await migrate(worker.db);
const { tokens, roots } = clickhouse
  ? await admitAll(worker.db, (await Promise.all(values.data.map(projectsIn))).flat())
  : await loadTenants(worker, values.data);
/** @type {Record<string, {email: string, password: string}>} */
const people = {};
for (const organizationId of Object.keys(roots)) {
  const owner = newPerson({ name: "Owner", email: `owner@${organizationId.replaceAll("_", "-")}.example` });
  await savePerson(worker.db, owner, [{ organizationId, role: "owner" }]);
  people[organizationId] = { email: owner.email, password: owner.password };
}
console.log(JSON.stringify({ url: worker.url.origin, tokens, roots, people }));

const parent = process.ppid;
const orphaned = setInterval(() => process.ppid !== parent && stop(), 1000);
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.once(signal, stop);

async function stop() {
  clearInterval(orphaned);
  await worker.stop();
  process.exit(0);
}
