// One question over MCP, the way a client without a session asks it.

/**
 * @param {URL | string} endpoint
 * @param {string} token
 * @param {string} tool
 * @param {Record<string, unknown>} args
 * @returns {Promise<string>} the answer's text
 */
export async function ask(endpoint, token, tool, args) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: args } }),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`${tool}: HTTP ${response.status}: ${body}`);
  const { result, error } = JSON.parse(body);
  if (error) throw new Error(`${tool}: ${error.message}`);
  const text = result.content.map((/** @type {{text?: string}} */ block) => block.text ?? "").join("\n");
  if (result.isError) throw new Error(`${tool}: ${text}`);
  return text;
}
