// An app that connects to the server (a client of OAuth), raw: what it sends is what a test says, and what comes back is seen whole.

import { createHash, randomBytes } from "node:crypto";

const CALLBACK = "https://app.example/callback";

/**
 * A verifier and its challenge (RFC 7636 §4.2).
 *
 * @returns {{verifier: string, challenge: string}}
 */
export function newPkce() {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

/**
 * Registers an app.
 *
 * @param {string | URL} origin
 * @param {any} metadata
 * @param {Record<string, string>} [headers]
 */
export function register(origin, metadata, headers = {}) {
  const body = typeof metadata === "string" ? metadata : JSON.stringify(metadata);
  return fetch(new URL("/register", origin), { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
}

export class App {
  /**
   * @param {string | URL} origin
   * @param {{client_id: string, client_secret?: string}} registration
   * @param {string} redirectUri
   */
  constructor(origin, registration, redirectUri) {
    this.origin = new URL(origin).origin;
    this.id = registration.client_id;
    this.secret = registration.client_secret;
    this.redirectUri = redirectUri;
    this.state = randomBytes(16).toString("base64url");
    this.pkce = newPkce();
  }

  /**
   * An app that has just registered.
   *
   * @param {string | URL} origin
   * @param {Record<string, unknown>} [metadata]
   */
  static async registered(origin, metadata = {}) {
    const whole = { client_name: "Example App", redirect_uris: [CALLBACK], token_endpoint_auth_method: "none", ...metadata };
    const answer = await register(origin, whole);
    if (answer.status !== 201) throw new Error(`/register: HTTP ${answer.status}: ${await answer.text()}`);
    return new App(origin, await answer.json(), whole.redirect_uris[0]);
  }

  /**
   * Where the app sends a browser; undefined takes a parameter away.
   *
   * @param {Record<string, string | undefined>} [changes]
   */
  authorizeUrl(changes = {}) {
    const url = new URL("/authorize", this.origin);
    const query = {
      response_type: "code",
      client_id: this.id,
      redirect_uri: this.redirectUri,
      code_challenge: this.pkce.challenge,
      code_challenge_method: "S256",
      state: this.state,
      scope: "mcp:analytics:read",
      resource: `${this.origin}/mcp`,
      ...changes,
    };
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    return url;
  }

  /**
   * @param {string} path
   * @param {Record<string, string | undefined>} fields
   * @param {Record<string, string>} [headers]
   */
  post(path, fields, headers = {}) {
    const sent = Object.entries(fields).filter(([, value]) => value !== undefined);
    const body = new URLSearchParams(/** @type {[string, string][]} */ (sent));
    const basic = this.secret && Buffer.from(`${this.id}:${this.secret}`).toString("base64");
    return fetch(new URL(path, this.origin), { method: "POST", body, headers: { ...(basic ? { authorization: `Basic ${basic}` } : {}), ...headers } });
  }

  /**
   * @param {string} code
   * @param {Record<string, string | undefined>} [changes]
   * @param {Record<string, string>} [headers]
   */
  redeem(code, changes = {}, headers = {}) {
    const fields = {
      grant_type: "authorization_code",
      client_id: this.id,
      code,
      redirect_uri: this.redirectUri,
      code_verifier: this.pkce.verifier,
      resource: `${this.origin}/mcp`,
    };
    return this.post("/token", { ...fields, ...changes }, headers);
  }

  /**
   * @param {string} token
   * @param {Record<string, string | undefined>} [changes]
   * @param {Record<string, string>} [headers]
   */
  refresh(token, changes = {}, headers = {}) {
    return this.post("/token", { grant_type: "refresh_token", client_id: this.id, refresh_token: token, ...changes }, headers);
  }

  /**
   * @param {string} token
   * @param {Record<string, string>} [headers]
   */
  revoke(token, headers = {}) {
    return this.post("/revoke", { client_id: this.id, token }, headers);
  }
}
