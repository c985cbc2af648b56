// An answer as it went over the wire, whole, to be compared with what a test writes down.

/** Headers that HTTP itself needs, and say nothing of this server. */
const TRANSPORT = new Set(["content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive", "date", "x-test-cost"]);

/**
 * Status, headers and body; a JSON body is read.
 *
 * @param {Response} response
 */
export async function whole(response) {
  const headers = Object.fromEntries([...response.headers].filter(([name]) => !TRANSPORT.has(name)));
  const text = await response.text();
  return { status: response.status, headers, body: headers["content-type"] === "application/json" && text ? JSON.parse(text) : text };
}

/**
 * What every error of the endpoints for programs is: a code, a sentence, nothing kept, nothing of the inside.
 *
 * @param {Response} response
 */
export async function oauthError(response) {
  const { status, headers, body } = await whole(response);
  return { status, error: body.error, description: body.error_description, cacheControl: headers["cache-control"] };
}
