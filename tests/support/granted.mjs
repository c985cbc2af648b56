// A connection without its pages: a code is put where consent would have put it. For tests of what comes after consent.

import { createHash, randomBytes } from "node:crypto";

import { App } from "./app.mjs";
import { claims } from "./flow.mjs";
import { person } from "./people.mjs";

const MINUTE_MS = 60_000;

/** @param {string} secret */
export const hashOf = (secret) => createHash("sha256").update(secret).digest("hex");

/**
 * A code as a person's consent leaves it.
 *
 * @param {import("./worker.mjs").Server} server
 * @param {App} app
 * @param {{id: string, organizationId: string}} who
 * @param {{scope?: string, projects?: string[], lifeMs?: number}} [terms]
 */
export async function grantedCode(server, app, who, { scope = "mcp:analytics:read", projects, lifeMs = MINUTE_MS } = {}) {
  const secret = `sl_${randomBytes(32).toString("base64url")}`;
  await server.db
    .prepare(
      `INSERT INTO codes (code_hash, app_id, app_name, user_id, organization_id, project_ids, scope, redirect_uri, code_challenge, expires_at)
       VALUES (?, ?, 'Example App', ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(
      hashOf(secret),
      app.id,
      who.id,
      who.organizationId,
      projects ? JSON.stringify(projects) : null,
      scope,
      app.redirectUri,
      app.pkce.challenge,
      Date.now() + lifeMs,
    )
    .run();
  return secret;
}

/**
 * A person, an app and its tokens.
 *
 * @param {import("./worker.mjs").Server} server
 * @param {{who?: Awaited<ReturnType<typeof person>>, app?: App, terms?: Parameters<typeof grantedCode>[3]}} [options]
 */
export async function granted(server, { who, app, terms } = {}) {
  who ??= await person(server);
  app ??= await App.registered(server.url);
  const redeemed = await app.redeem(await grantedCode(server, app, who, terms));
  if (redeemed.status !== 200) throw new Error(`/token: HTTP ${redeemed.status}: ${await redeemed.text()}`);
  const tokens = await redeemed.json();
  return { who, app, tokens, connectionId: claims(tokens.access_token).cid };
}
