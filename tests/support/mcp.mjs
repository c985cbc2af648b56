// A raw MCP client: what goes over the wire is what a test says, and what comes back is seen whole.
//
// It retries, renegotiates and validates nothing; the official SDKs do that in their own tests.

export const LEGACY = "2025-11-25";
export const MODERN = "2026-07-28";

/** Keys of the envelope each modern request carries (2026-07-28, "Lifecycle"). */
const META = "io.modelcontextprotocol/";

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Headers} headers
 * @property {string} text the body as it came
 * @property {any} body the JSON-RPC message, the last one of a stream; undefined if there is none
 * @property {any[]} messages every message of a stream, in order
 */

export class Mcp {
  #id = 0;

  /**
   * @param {string | URL} endpoint
   * @param {string} [token]
   * @param {string} [revision]
   */
  constructor(endpoint, token, revision = LEGACY) {
    this.endpoint = endpoint;
    this.token = token;
    this.revision = revision;
  }

  /**
   * A request of this client's revision, complete.
   *
   * @param {string} method
   * @param {Record<string, any>} [params]
   */
  message(method, params) {
    this.#id += 1;
    if (this.revision !== MODERN) return { jsonrpc: "2.0", id: this.#id, method, ...(params ? { params } : {}) };
    const _meta = {
      [`${META}protocolVersion`]: MODERN,
      [`${META}clientCapabilities`]: {},
      [`${META}clientInfo`]: { name: "sightline-tests", version: "1.0.0" },
      ...params?._meta,
    };
    return { jsonrpc: "2.0", id: this.#id, method, params: { ...params, _meta } };
  }

  /**
   * The headers that go with a message.
   *
   * @param {any} message
   * @returns {Record<string, string>}
   */
  headers(message) {
    /** @type {Record<string, string>} */
    const headers = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": this.revision,
    };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    if (this.revision === MODERN) {
      headers["mcp-method"] = message.method;
      const name = message.params?.name ?? message.params?.uri;
      if (name) headers["mcp-name"] = name;
    }
    return headers;
  }

  /**
   * Sends a body as it is, with the headers given: none is added.
   *
   * @param {string | Uint8Array} body
   * @param {Record<string, string>} headers
   * @param {AbortSignal} [signal]
   * @returns {Promise<Answer>}
   */
  async send(body, headers, signal) {
    const response = await fetch(this.endpoint, { method: "POST", body, headers, signal, redirect: "manual" });
    const text = await response.text();
    const messages = parse(text, response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, text, messages, body: messages.at(-1) };
  }

  /**
   * Sends a request and returns the whole answer.
   *
   * @param {string} method
   * @param {Record<string, any>} [params]
   * @param {Record<string, string | undefined>} [changes] headers changed; undefined takes one away
   */
  async exchange(method, params, changes = {}) {
    const message = this.message(method, params);
    const headers = Object.entries({ ...this.headers(message), ...changes }).filter(([, value]) => value !== undefined);
    return this.send(JSON.stringify(message), /** @type {Record<string, string>} */ (Object.fromEntries(headers)));
  }

  /**
   * The result of a request; anything else is thrown.
   *
   * @param {string} method
   * @param {Record<string, any>} [params]
   */
  async request(method, params) {
    const { status, body, text } = await this.exchange(method, params);
    if (status !== 200 || !body?.result) throw new Error(`${method}: HTTP ${status}: ${text}`);
    return body.result;
  }

  /**
   * A tool's result, be it an answer or its own refusal.
   *
   * @param {string} name
   * @param {Record<string, any>} [args]
   */
  async call(name, args = {}) {
    const result = await this.request("tools/call", { name, arguments: args });
    return { ...result, text: result.content.map((/** @type {any} */ block) => block.text ?? "").join("\n") };
  }

  /**
   * What a tool answered; its refusal is thrown.
   *
   * @param {string} name
   * @param {Record<string, any>} [args]
   */
  async answer(name, args = {}) {
    const result = await this.call(name, args);
    if (result.isError) throw new Error(`${name} refused: ${result.text}`);
    return result.structuredContent;
  }

  /**
   * What a tool said when it refused; an answer is thrown.
   *
   * @param {string} name
   * @param {Record<string, any>} [args]
   * @returns {Promise<string>}
   */
  async refusal(name, args = {}) {
    const result = await this.call(name, args);
    if (!result.isError) throw new Error(`${name} answered what it should refuse: ${result.text.slice(0, 400)}`);
    return result.text;
  }
}

/**
 * @param {string} text
 * @param {string} contentType
 * @returns {any[]}
 */
function parse(text, contentType) {
  if (contentType.startsWith("text/event-stream")) {
    const events = text.split(/\r?\n\r?\n/).map((event) => event.split(/\r?\n/).filter((line) => line.startsWith("data:")));
    return events.filter((lines) => lines.length).map((lines) => JSON.parse(lines.map((line) => line.slice(5).trim()).join("\n")));
  }
  if (!contentType.startsWith("application/json") || text === "") return [];
  return [JSON.parse(text)];
}
