// The list of tools as hosts read it: within their limits, in plain JSON Schema, the same each time.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { encode } from "gpt-tokenizer/encoding/o200k_base";

import { MODERN, Mcp } from "./support/mcp.mjs";
import { shipped } from "./support/worker.mjs";

/** Claude on the web drops a tool whose input schema is longer, in silence. */
const INPUT_SCHEMA_CHARS = 16_384;

/** What the default list may cost a model, in tokens of a current tokenizer (o200k). */
const LIST_TOKENS = 12_000;

/** Formats JSON Schema knows; hosts drop tools over others. */
const FORMATS = new Set(["date", "date-time", "email", "time", "uri", "uuid"]);

describe("the list of tools", () => {
  /** @type {any[]} */
  let tools;
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {string} */
  let token;
  before(async () => {
    server = await shipped();
    token = Object.values(server.tenants.roots)[0];
    ({ tools } = await new Mcp(server.endpoint, token, MODERN).request("tools/list"));
  });

  it("has plain names, titles, read-only annotations and an output schema for each tool", () => {
    assert.ok(tools.length >= 9, `${tools.length} tools`);
    for (const { name, title, annotations, outputSchema, inputSchema } of tools) {
      assert.match(name, /^[a-z0-9_]{1,40}$/);
      assert.ok(title, name);
      assert.deepEqual(
        [annotations.readOnlyHint, annotations.destructiveHint, annotations.idempotentHint, annotations.openWorldHint],
        [true, false, true, false],
        name,
      );
      assert.equal(outputSchema.type, "object", name);
      assert.equal(inputSchema.type, "object", name);
      assert.equal(inputSchema.additionalProperties, false, name);
    }
  });

  it("keeps every schema to what the pickiest hosts take", () => {
    for (const { name, inputSchema, outputSchema } of tools) {
      assert.ok(JSON.stringify(inputSchema).length < INPUT_SCHEMA_CHARS, `${name}: input schema too long`);
      for (const [key, value] of [...members(inputSchema), ...members(outputSchema)]) {
        assert.ok(!["$schema", "$ref", "$defs", "definitions"].includes(key), `${name}: ${key}`);
        if (key === "format" && typeof value === "string") assert.ok(FORMATS.has(value), `${name}: format ${value}`);
      }
    }
  });

  it("costs a model no more than it may", (test) => {
    // Everything the list says counts, though most hosts do not show a model the output's schema or the annotations.
    const listed = encode(JSON.stringify(tools)).length;
    const shown = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    test.diagnostic(`${tools.length} tools, ${listed} tokens; ${encode(JSON.stringify(shown)).length} of them names, descriptions and inputs`);
    const costly = tools.map((tool) => [encode(JSON.stringify(tool)).length, tool.name]).sort(([one], [other]) => other - one);
    test.diagnostic(`the costliest: ${costly.slice(0, 8).map(([tokens, name]) => `${name} ${tokens}`).join(", ")}`);
    assert.ok(listed <= LIST_TOKENS, `${listed} tokens`);
  });

  it("is the same list each time", async () => {
    const again = await new Mcp(server.endpoint, token, MODERN).request("tools/list");
    assert.deepEqual(again.tools, tools);
  });

  it("narrows to toolsets, tools and a pinned project", async () => {
    const listed = async (/** @type {string} */ query) => {
      const { tools: narrowed } = await new Mcp(`${server.endpoint}?${query}`, token, MODERN).request("tools/list");
      return narrowed;
    };
    const names = (/** @type {any[]} */ list) => list.map(({ name }) => name).sort();
    assert.deepEqual(names(await listed("toolsets=sql")), ["get_schema", "query"]);
    assert.deepEqual(names(await listed("tools=query,whoami")), ["query", "whoami"]);
    assert.ok(names(await listed("toolsets=openpanel")).includes("list_event_names"));
    assert.ok(!names(await listed("toolsets=openpanel")).includes("get_event_definitions"));
    assert.ok(names(await listed("toolsets=all")).includes("list_events"));

    const pinned = await listed(`project=${server.tenants.projects[0].id}`);
    for (const { name, inputSchema } of pinned) assert.ok(!("projectId" in (inputSchema.properties ?? {})), name);
    assert.ok(tools.some(({ inputSchema }) => "projectId" in (inputSchema.properties ?? {})));
  });
});

/**
 * Every member of a schema, however deep. Names of properties are not members of the schema.
 *
 * @param {any} schema
 * @returns {Generator<[string, unknown]>}
 */
function* members(schema) {
  if (Array.isArray(schema)) {
    for (const item of schema) yield* members(item);
  } else if (schema && typeof schema === "object") {
    for (const [key, value] of Object.entries(schema)) {
      yield [key, value];
      if (key === "properties") for (const property of Object.values(/** @type {object} */ (value))) yield* members(property);
      else if (!["enum", "const", "examples", "default"].includes(key)) yield* members(value);
    }
  }
}
