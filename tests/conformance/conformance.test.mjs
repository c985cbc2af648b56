// The official conformance suite, at both revisions it scores, against the Worker as it ships.
//
// Each scenario a revision requires is a test. Those `expected-failures.yaml` names are shown as left out; the suite itself fails
// where such an entry passes, which keeps the file honest.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { ROOT } from "../../xtask/local/runtime.mjs";
import { tokenProxy } from "../support/proxy.mjs";
import { shipped } from "../support/worker.mjs";

const SUITE = path.join(ROOT, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
const EXPECTED = fileURLToPath(new URL("expected-failures.yaml", import.meta.url));

/** Scenarios each revision requires of a server; fewer would be a suite that stopped early. */
const REQUIRED = { "2026-07-28": 37, "2025-11-25": 30 };

/** @type {Awaited<ReturnType<typeof tokenProxy>>} */
let proxy;

describe("the conformance suite", () => {
  before(async () => {
    const { url, tenants } = await shipped();
    proxy = await tokenProxy(url, tenants.tokens[tenants.projects[0].id]);
  });
  after(() => proxy?.stop());

  for (const [revision, count] of Object.entries(REQUIRED)) {
    it(`holds for ${revision}`, { timeout: 300_000 }, async (test) => {
      const required = await scenarios(revision);
      assert.equal(required.length, count);
      const excused = new Set([...(await readFile(EXPECTED, "utf8")).matchAll(/^ {2}- (\S+)$/gm)].map(([, name]) => name));

      const { code, output, checks } = await run(["server", "--requirements", revision, "--expected-failures", EXPECTED]);
      for (const name of required) {
        const skip = excused.has(name) && "needs a fixture of the suite's own";
        await test.test(name, { skip }, () => {
          const ran = checks.get(name) ?? [];
          const failed = ran.filter(({ id, status }) => status === "FAILURE" && !excused.has(`${name}:${id}`));
          const told = failed.map(({ id, errorMessage, details }) => `${id}: ${errorMessage}\n${JSON.stringify(details).slice(0, 1500)}`);
          assert.deepEqual(told, []);
          assert.ok(ran.length > 0, "it checked something");
        });
      }
      assert.equal(code, 0, output.slice(-2000));
    });
  }
});

/**
 * The scenarios a revision requires of a server, by the suite's own list.
 *
 * @param {string} revision
 */
async function scenarios(revision) {
  const { output } = await run(["list", "--requirements", revision]);
  const [, ofServers] = output.split(/^Server scenarios.*$/m);
  const [listed] = ofServers.split(/^Client scenarios.*$/m);
  return [...listed.matchAll(/^ {2}- (\S+)$/gm)].map(([, name]) => name);
}

/** @typedef {{id: string, status: string, errorMessage?: string, details?: unknown}} Check */

/**
 * @param {string[]} args
 * @returns {Promise<{code: number | null, output: string, checks: Map<string, Check[]>}>}
 */
async function run(args) {
  const results = await mkdtemp(path.join(tmpdir(), "sightline-conformance-"));
  const more = args[0] === "server" ? ["--url", `http://localhost:${proxy.port}/mcp`, "-o", results] : [];
  try {
    const child = spawn(process.execPath, [SUITE, ...args, ...more], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    const code = await new Promise((resolve) => child.on("close", resolve));
    return { code, output, checks: await checksIn(results) };
  } finally {
    await rm(results, { recursive: true, force: true });
  }
}

/**
 * What each scenario checked: the suite writes `server-{scenario}-{time}/checks.json`.
 *
 * @param {string} results
 * @returns {Promise<Map<string, Check[]>>}
 */
async function checksIn(results) {
  const checks = new Map();
  for (const directory of await readdir(results)) {
    const [, scenario] = directory.match(/^server-(.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/) ?? [];
    if (scenario) checks.set(scenario, JSON.parse(await readFile(path.join(results, directory, "checks.json"), "utf8")));
  }
  return checks;
}
