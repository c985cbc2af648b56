// What the Worker logs: a line of JSON for each request, and no secret, no token, no SQL, no result and no address of a person.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { Mcp } from "./support/mcp.mjs";
import { shipped } from "./support/worker.mjs";

describe("the log", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {string} */
  let token;
  before(async () => {
    server = await shipped();
    token = server.tenants.tokens[server.tenants.projects[0].id];
  });

  /** The lines written while something is done; logs arrive a moment after answers. */
  const linesOf = async (/** @type {() => Promise<unknown>} */ doing) => {
    const from = server.logged.length;
    await doing();
    await new Promise((resolve) => setTimeout(resolve, 300));
    return server.logged.slice(from);
  };

  it("has one line of JSON for a request, with what it was and what it cost", async () => {
    const [line, ...more] = await linesOf(() => new Mcp(server.endpoint, token).call("whoami"));
    assert.deepEqual(more, []);
    const entry = JSON.parse(line);
    assert.equal(entry.method, "tools/call");
    assert.equal(entry.tool, "whoami");
    assert.equal(entry.status, 200);
    assert.equal(typeof entry.durationMs, "number");
  });

  it("keeps quiet about tokens, however they were sent, and about secrets that were wrong", async () => {
    const wrong = Buffer.from("client-of-nobody:sl_secret-of-nobody").toString("base64");
    const lines = await linesOf(async () => {
      await new Mcp(server.endpoint, token).exchange("ping");
      await new Mcp(`${server.endpoint}?token=${encodeURIComponent(token)}`).exchange("ping");
      await new Mcp(`${server.endpoint}?token=${encodeURIComponent(wrong)}`).exchange("ping");
      await new Mcp(server.endpoint, wrong).exchange("ping");
    });
    assert.ok(lines.length >= 4, `${lines.length} lines`);
    const secret = Buffer.from(token, "base64").toString().split(":")[1];
    for (const text of [token, encodeURIComponent(token), secret, wrong, encodeURIComponent(wrong), "sl_secret-of-nobody"]) {
      assert.ok(!lines.join("\n").includes(text), `«${text}» was logged`);
    }
  });

  it("keeps quiet about questions and answers, good and bad", async () => {
    const mcp = new Mcp(server.endpoint, token);
    const lines = await linesOf(async () => {
      const { rows } = await mcp.answer("query", { sql: "SELECT email FROM profiles WHERE email LIKE '%@%' ORDER BY email LIMIT 1" });
      assert.match(rows[0].email, /@/);
      await mcp.call("query", { sql: "SELECT marker_of_this_test FROM events" });
      await mcp.call("query_events", { filters: [{ field: "path", op: "is", values: ["/marker_of_this_test"] }] });
      await mcp.exchange("resources/read", { uri: "sightline://marker_of_this_test" });
    });
    assert.ok(lines.length >= 4, `${lines.length} lines`);
    assert.doesNotMatch(lines.join("\n"), /@|SELECT|marker_of_this_test/i);
  });
});
