// A ClickHouse that fails: said plainly, without a secret, within the time limit; and the next request works.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { migrate } from "../xtask/local/migrations.mjs";
import { startWorker } from "../xtask/local/runtime.mjs";
import { answers, excepts, lines, startServer } from "./support/clickhouse-server.mjs";
import { Mcp } from "./support/mcp.mjs";
import { person, signedIn } from "./support/people.mjs";
import { admitAll } from "./support/tenants.mjs";

const PROJECT = { id: "ch_faults", name: "Faults", organization: { id: "org_ch_faults", name: "Faults" } };
const PASSWORD = "a-password-nobody-must-see";
const HEAD = [["n"], ["UInt64"]];
const SQL = { sql: "SELECT count() AS n FROM events" };

/** @param {string} url */
async function workerAt(url, vars = {}) {
  /** @type {string[]} */
  const logged = [];
  const worker = await startWorker({
    vars: { WAREHOUSE: "clickhouse", CLICKHOUSE_URL: url, CLICKHOUSE_USER: "reader_of_all", CLICKHOUSE_PASSWORD: PASSWORD, CLICKHOUSE_DATABASE: "secret_db", ...vars },
    log: (line) => logged.push(line),
  });
  await migrate(worker.db);
  const { tokens } = await admitAll(worker.db, [PROJECT]);
  return { worker, logged, mcp: new Mcp(new URL("/mcp", worker.url), tokens[PROJECT.id]) };
}

/** @param {string} text */
function assertNoSecret(text, url = "") {
  for (const secret of [PASSWORD, "reader_of_all", "secret_db", url && new URL(url).host].filter(Boolean)) {
    assert.ok(!text.includes(secret), `it tells ${secret}: ${text}`);
  }
}

describe("a ClickHouse that fails", () => {
  /** @type {import("./support/clickhouse-server.mjs").ClickHouse} */
  let server;
  /** @type {Awaited<ReturnType<typeof workerAt>>} */
  let asked;
  before(async () => {
    server = await startServer();
    asked = await workerAt(server.url);
  });
  after(async () => {
    await asked?.worker.stop();
    await server?.stop();
  });

  /** What the tool says while the server behaves like this; afterwards it answers again. */
  async function told(/** @type {import("./support/clickhouse-server.mjs").Behaviour} */ behaviour, tool = "query", input = /** @type {any} */ (SQL)) {
    server.now(behaviour);
    const text = await asked.mcp.refusal(tool, input);
    assertNoSecret(text + asked.logged.join("\n"), server.url);
    const seen = { text, questions: server.questions(), left: server.left };
    server.now(answers);
    assert.deepEqual((await asked.mcp.answer("query", SQL)).rows, [{ n: 1 }], "the next request works");
    return seen;
  }

  /** @type {[string, import("./support/clickhouse-server.mjs").Behaviour, RegExp][]} */
  const FAULTS = [
    ["a wrong password", excepts(403, 516, "reader_of_all: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)"), /did not let this server in/],
    ["a user without the right", excepts(403, 497, "reader_of_all: Not enough privileges: SELECT ON secret_db.events. (ACCESS_DENIED)"), /may not do what this needs/],
    ["a user that takes no settings", excepts(500, 164, "Cannot modify 'limit' setting in readonly mode. (READONLY)"), /readonly = 2/],
    ["a setting held fast", excepts(500, 452, "Setting limit shouldn't be changed. (SETTING_CONSTRAINT_VIOLATION)"), /may not change a setting/],
    ["an ancient server", excepts(404, 115, "Unknown setting additional_table_filters. (UNKNOWN_SETTING)"), /too old/],
    ["a database that is gone", excepts(404, 81, "Database secret_db does not exist. (UNKNOWN_DATABASE)"), /no database of the name/],
    ["its time limit", excepts(408, 159, "Timeout exceeded: elapsed 20.1 seconds. (TIMEOUT_EXCEEDED)"), /stopped after 20 s/],
    ["its memory limit", excepts(500, 241, "Query memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)"), /hold in memory/],
    ["too many queries at once", excepts(500, 202, "Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)"), /ask again in a moment/],
    ["an exception in the middle of a body", (_, response) => response.end(`${lines(...HEAD, [1])}Code: 241. DB::Exception: Query memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n`), /hold in memory/],
    ["an exception after which the body breaks off, as servers do", (_, response) => response.write(`${lines(...HEAD, [1])}\r\n__exception__\r\nabcdefghijklmnop\r\nCode: 241. DB::Exception: Query memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n77 abcdefghijklmnop\r\n__exception__\r\n`, () => setTimeout(() => response.destroy(), 50)), /hold in memory/],
    ["a body that breaks off", (_, response) => response.write(lines(...HEAD, [1]), () => response.destroy()), /could not be reached/],
    ["a connection that breaks off", (_, response) => response.destroy(), /could not be reached/],
    ["a page in its place", (_, response) => response.end("<!doctype html>\n<title>Welcome</title>"), /is no ClickHouse/],
    ["a redirection", (_, response) => response.writeHead(302, { location: "http://127.0.0.1/elsewhere" }).end(), /is no ClickHouse/],
    ["a proxy that lets nobody in", (_, response) => response.writeHead(401).end("no"), /did not let this server in/],
    ["a proxy without a server behind it", (_, response) => response.writeHead(502).end("Bad gateway"), /HTTP 502/],
    ["rows of another shape", (_, response) => response.end(lines(...HEAD, [1, 2])), /is no ClickHouse/],
    ["nothing", (_, response) => response.end(), /is no ClickHouse/],
  ];
  for (const [name, behaviour, tells] of FAULTS) {
    it(`with ${name}`, async () => assert.match((await told(behaviour)).text, tells));
  }

  it("with a column that is gone: the user's mistake in their SQL, the operator's in a tool", async () => {
    const gone = excepts(404, 47, "Unknown expression identifier `nmae`. In scope WITH events AS (SELECT 1 FROM secret_db.events) SELECT nmae. (UNKNOWN_IDENTIFIER)");
    assert.match((await told(gone)).text, /There is no column `nmae` here\. The nearest are `name`/);
    assert.match((await told(gone, "get_event_definitions", {})).text, /lacks a table or column/);
  });

  it("with an answer without an end: stopped at the limit, and the server is told", async () => {
    const { text, left } = await told((_, response) => {
      response.write(lines(...HEAD));
      const more = () => {
        while (!response.destroyed && response.write(lines([1]).repeat(1000)));
      };
      response.on("drain", more);
      more();
    });
    assert.match(text, /more than .* rows or .* MB/);
    await until(() => left() === 0);
  });

  it("is asked once more only where nothing was read", async () => {
    assert.equal((await told((_, response) => response.destroy())).questions, 2);
    assert.equal((await told((_, response) => response.writeHead(503).end())).questions, 2);
    assert.equal((await told((_, response) => response.write(lines(...HEAD, [1]), () => response.destroy()))).questions, 1);
    assert.equal((await told(excepts(500, 241, "Query memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)"))).questions, 1);
  });

  it("lets nobody claim rows: a project whose id has some there, or may have, is not made at the console", async () => {
    const { db, url } = asked.worker;
    await admitAll(db, [{ id: "ch_others", name: "Others", organization: { id: "org_ch_others", name: "Others" } }]);
    const tenants = { projects: [PROJECT] };
    const owner = await person(/** @type {any} */ ({ db, tenants }), { role: "owner" });
    const browser = await signedIn(/** @type {any} */ ({ db, url }), owner);
    const holds = (/** @type {number} */ rows) => (/** @type {any} */ _, /** @type {any} */ response) =>
      response.end(lines(["name", "rows", "first", "last"], ["String", "UInt64", "Nullable(String)", "Nullable(String)"], ["events", rows, null, null]));
    const make = async (/** @type {string} */ id) => {
      const page = await browser.open("/projects");
      return (await browser.submit(page, page.form("/projects"), { name: "Made", id, timezone: "UTC", currency: "EUR" })).status;
    };
    server.now(holds(3));
    assert.equal(await make("somebodys"), 400);
    server.now(excepts(500, 241, "Query memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)"));
    assert.equal(await make("nobody-knows"), 503);
    server.now(holds(0));
    assert.equal(await make("nobodys"), 200);
    server.now(answers);
  });

  it("that hangs is left after the time limit, and told so; a client that goes away ends its query", async () => {
    server.now(() => {});
    // An answer that is a stream can be left: asked for progress, it is one.
    const gone = new AbortController();
    const message = asked.mcp.message("tools/call", { name: "query", arguments: SQL, _meta: { progressToken: 1 } });
    const request = { method: "POST", signal: gone.signal, headers: asked.mcp.headers(message), body: JSON.stringify(message) };
    const left = fetch(asked.mcp.endpoint, request).then((response) => response.text());
    const patient = asked.mcp.refusal("query", SQL);
    await until(() => server.questions() === 2);
    // Until then it might still be an answer of one piece.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    gone.abort();
    await assert.rejects(left);
    await until(() => server.left() === 1);
    assert.match(await patient, /stopped after 20 s/);
    await until(() => server.left() === 2);
  });
});

describe("a ClickHouse that cannot be reached", () => {
  /** What the query tool says. */
  async function told(/** @type {string} */ url, vars = {}) {
    const { worker, logged, mcp } = await workerAt(url, vars);
    try {
      const text = await mcp.refusal("query", SQL);
      assertNoSecret(text + logged.join("\n"), url.includes("://") ? url : "");
      return text;
    } finally {
      await worker.stop();
    }
  }

  it("because there is no such host", async () => assert.match(await told("https://clickhouse.invalid:8443"), /could not be reached/));

  it("because nobody listens", async () => assert.match(await told("http://127.0.0.1:9"), /could not be reached/));

  it("because it would be in the open", async () => assert.match(await told("http://clickhouse.example"), /must begin with https/));

  it("because its address is none", async () => assert.match(await told("clickhouse"), /is no URL/));

  it("because there is none", async () => assert.match(await told(""), /CLICKHOUSE_URL is not set/));

  it("because the mapping is none", async () =>
    assert.match(await told("https://clickhouse.invalid", { CLICKHOUSE_MAPPING: "openpanle" }), /neither `sightline` nor `openpanel`/));

  it("because WAREHOUSE is none", async () => assert.match(await told("https://clickhouse.invalid", { WAREHOUSE: "duckdb" }), /neither `parquet` nor `clickhouse`/));

  it("because its certificate is somebody else's", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "sightline-certificate-"));
    const [key, certificate] = ["key.pem", "certificate.pem"].map((file) => path.join(folder, file));
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=other.example", "-keyout", key, "-out", certificate], { stdio: "ignore" });
    const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_, response) => response.end());
    await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    try {
      assert.match(await told(`https://127.0.0.1:${port}`), /certificate|could not be reached/);
    } finally {
      server.close();
      rmSync(folder, { recursive: true });
    }
  });
});

/** @param {() => boolean} holds */
async function until(holds) {
  for (let tries = 0; tries < 250 && !holds(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(holds(), "it did not come to it within 25 s");
}
