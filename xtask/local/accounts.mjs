// Organizations, projects and API clients in a local D1.
//
// Secrets are random, never fixed in a file that is committed, and D1 sees only their hash, as in production.

import { createHash, randomBytes, randomUUID } from "node:crypto";

/**
 * @typedef {object} Project
 * @property {string} id
 * @property {string} name
 * @property {{id: string, name: string}} organization
 * @property {string | null} [domain]
 * @property {string[]} [types]
 * @property {string} [timezone]
 * @property {string} [currency]
 * @property {string} [week_start]
 */

/**
 * @typedef {object} ApiClient
 * @property {string} id
 * @property {"read" | "root" | "write"} kind
 * @property {string} organizationId
 * @property {string | null} projectId
 * @property {string} name
 * @property {string} secret
 */

/**
 * The project and its organization, as given; what is there already is brought up to date.
 *
 * @param {any} db
 * @param {Project[]} projects
 */
export async function saveProjects(db, projects) {
  const now = Date.now();
  const organizations = new Map(projects.map(({ organization }) => [organization.id, organization]));
  const statements = [...organizations.values()].map(({ id, name }) =>
    db
      .prepare(
        "INSERT INTO organizations (id, name, created_at) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
      )
      .bind(id, name, now),
  );
  for (const project of projects) {
    statements.push(
      db
        .prepare(
          `INSERT INTO projects (id, organization_id, name, domain, types, timezone, currency, week_start, created_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, domain = excluded.domain, types = excluded.types,
             timezone = excluded.timezone, currency = excluded.currency, week_start = excluded.week_start`,
        )
        .bind(
          project.id,
          project.organization.id,
          project.name,
          project.domain ?? null,
          JSON.stringify(project.types ?? []),
          project.timezone ?? "UTC",
          project.currency ?? "USD",
          (project.week_start ?? "monday").toLowerCase(),
          now,
        ),
    );
  }
  await db.batch(statements);
}

/**
 * A client with a fresh secret.
 *
 * @param {Pick<ApiClient, "kind" | "organizationId" | "projectId" | "name">} client
 * @returns {ApiClient}
 */
export function newClient(client) {
  return { id: randomUUID(), ...client, secret: `sl_${randomBytes(32).toString("base64url")}` };
}

/**
 * @param {any} db
 * @param {ApiClient[]} clients
 * @param {{expiresAt?: number, revokedAt?: number, createdAt?: number, requestsPerMinute?: number}} [terms] instants in Unix
 *   milliseconds; without a limit of their own, the default applies
 */
export async function saveClients(db, clients, { expiresAt, revokedAt, createdAt = Date.now(), requestsPerMinute } = {}) {
  await db.batch(
    clients.map((client) =>
      db
        .prepare(
          `INSERT INTO api_clients (id, organization_id, project_id, kind, name, secret_hash, created_at, expires_at, revoked_at,
             requests_per_minute)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET secret_hash = excluded.secret_hash, name = excluded.name`,
        )
        .bind(
          client.id,
          client.organizationId,
          client.projectId,
          client.kind,
          client.name,
          createHash("sha256").update(client.secret).digest("hex"),
          createdAt,
          expiresAt ?? null,
          revokedAt ?? null,
          requestsPerMinute ?? null,
        ),
    ),
  );
}

/**
 * What the client sends as `Authorization: Bearer` or `?token=`.
 *
 * @param {Pick<ApiClient, "id" | "secret">} client
 */
export function tokenOf({ id, secret }) {
  return Buffer.from(`${id}:${secret}`).toString("base64");
}
