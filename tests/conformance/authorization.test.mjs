// The official conformance suite's scenarios for authorization servers. It prints the address a person is to open; a browser opens it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { before, describe, it } from "node:test";

import { ROOT } from "../../xtask/local/runtime.mjs";
import { App } from "../support/app.mjs";
import { consentPage, decide, told } from "../support/flow.mjs";
import { person, signedIn } from "../support/people.mjs";
import { shipped } from "../support/worker.mjs";

const SUITE = path.join(ROOT, "node_modules/@modelcontextprotocol/conformance/dist/index.js");

/** The suite's list as of the version pinned; fewer would be a suite that stopped early. */
const SCENARIOS = ["authorization-server-metadata-endpoint", "authorization-code-grant"];
const REVISIONS = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

describe("the conformance suite's authorization scenarios", () => {
  /** @type {import("../support/worker.mjs").Server} */
  let server;
  before(async () => {
    server = await shipped();
  });

  for (const revision of REVISIONS) {
    it(`hold for ${revision}`, { timeout: 120_000 }, async (test) => {
      const port = await freePort();
      const app = await App.registered(server.url, { client_name: "Conformance", redirect_uris: [`http://127.0.0.1:${port}/callback`] });
      const browser = await signedIn(server, await person(server));
      const results = await mkdtemp(path.join(tmpdir(), "sightline-authorization-"));
      try {
        const options = ["--url", server.url.origin, "--client-id", app.id, "--resource", server.endpoint, "--port", String(port)];
        const child = spawn(process.execPath, [SUITE, "authorization", ...options, "--spec-version", revision, "-o", results], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
        let output = "";
        let isOpened = false;
        const open = async (/** @type {string} */ address) => {
          const answer = await fetch(told(await decide(browser, await consentPage(browser, address))));
          assert.equal(answer.status, 200);
        };
        /** @type {Promise<void> | undefined} */
        let opening;
        for (const stream of [child.stdout, child.stderr]) {
          stream.setEncoding("utf8").on("data", (text) => {
            output += text;
            const [address] = output.match(/^http\S+\/authorize\?\S+$/m) ?? [];
            if (!address || isOpened) return;
            isOpened = true;
            opening = open(address);
            opening.catch(() => child.kill());
          });
        }
        const code = await new Promise((resolve) => child.on("close", resolve));
        await opening;
        const checks = await checksIn(results);
        for (const name of SCENARIOS) {
          await test.test(name, () => {
            const ran = checks.get(name) ?? [];
            assert.ok(ran.length > 0, `it checked something: ${output.slice(-2000)}`);
            assert.deepEqual(ran.filter(({ status }) => status !== "SUCCESS").map(({ id, status, errorMessage }) => `${id}: ${status}: ${errorMessage}`), []);
          });
        }
        assert.equal(code, 0, output.slice(-2000));
      } finally {
        await rm(results, { recursive: true, force: true });
      }
    });
  }
});

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * What each scenario checked.
 *
 * @param {string} results
 * @returns {Promise<Map<string, {id: string, status: string, errorMessage?: string}[]>>}
 */
async function checksIn(results) {
  const checks = new Map();
  for (const directory of await readdir(results)) {
    const name = SCENARIOS.find((scenario) => directory.includes(scenario));
    if (name) checks.set(name, JSON.parse(await readFile(path.join(results, directory, "checks.json"), "utf8")));
  }
  return checks;
}
