// Lines to paste: how each client is told of a server, by its address alone or with a token.

/** What clients call the server. */
const NAME = "sightline";

/**
 * For clients that sign in in the browser.
 *
 * @param {string} endpoint the server's `/mcp`
 * @returns {string}
 */
export function signInLines(endpoint) {
  return `Claude Code, then /mcp in it
  claude mcp add --transport http ${NAME} ${endpoint}

Cursor (open this link)
  ${cursorLink({ url: endpoint })}

VS Code
  code --add-mcp '${vsCodeServer({ url: endpoint })}'

Codex
  codex mcp add ${NAME} --url ${endpoint} && codex mcp login ${NAME}

Gemini CLI
  gemini mcp add --transport http ${NAME} ${endpoint}
`;
}

/**
 * For clients that bring a token.
 *
 * @param {string} endpoint the server's `/mcp`
 * @param {string} token
 * @returns {string}
 */
export function tokenLines(endpoint, token) {
  const headers = { Authorization: `Bearer ${token}` };
  const call = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "get_event_definitions", arguments: { limit: 5 } },
  });
  return `Claude Code
  claude mcp add --transport http ${NAME} ${endpoint} --header "Authorization: Bearer ${token}"

Cursor (open this link)
  ${cursorLink({ url: endpoint, headers })}

VS Code
  code --add-mcp '${vsCodeServer({ url: endpoint, headers })}'

curl
  curl -s ${endpoint} -H "Authorization: Bearer ${token}" -H "Content-Type: application/json" \\
    -H "Accept: application/json, text/event-stream" -d '${call}'
`;
}

/** @param {object} config */
function cursorLink(config) {
  const encoded = Buffer.from(JSON.stringify(config)).toString("base64");
  return `cursor://anysphere.cursor-deeplink/mcp/install?name=${NAME}&config=${encodeURIComponent(encoded)}`;
}

/** @param {object} config */
function vsCodeServer(config) {
  return JSON.stringify({ name: NAME, type: "http", ...config });
}
