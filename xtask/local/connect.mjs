// Lines to paste: how each client is told of a server and a token.

/**
 * @param {string} endpoint the server's `/mcp`
 * @param {string} token
 * @returns {string}
 */
export function connectLines(endpoint, token) {
  const headers = { Authorization: `Bearer ${token}` };
  const cursor = Buffer.from(JSON.stringify({ url: endpoint, headers })).toString("base64");
  const vscode = JSON.stringify({ name: "sightline", type: "http", url: endpoint, headers });
  const call = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "get_event_definitions", arguments: { limit: 5 } },
  });
  return `Claude Code
  claude mcp add --transport http sightline ${endpoint} --header "Authorization: Bearer ${token}"

Cursor (open this link)
  cursor://anysphere.cursor-deeplink/mcp/install?name=sightline&config=${encodeURIComponent(cursor)}

VS Code
  code --add-mcp '${vscode}'

curl
  curl -s ${endpoint} -H "Authorization: Bearer ${token}" -H "Content-Type: application/json" \\
    -H "Accept: application/json, text/event-stream" -d '${call}'
`;
}
