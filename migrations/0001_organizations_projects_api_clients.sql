-- Who owns which data, and who may read it by token.
--
-- Instants are Unix milliseconds, UTC. Nothing here is a fact of analytics: those lie in R2, under the project's id.

CREATE TABLE organizations (
  id         TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  name       TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE projects (
  -- Also the prefix of the project's objects in the bucket: never a slash, never a dot.
  id              TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB '*[^A-Za-z0-9_-]*'),
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE RESTRICT,
  name            TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  domain          TEXT,
  -- A JSON array of `website`, `app`, `backend`.
  types           TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(types) AND json_type(types) = 'array'),
  -- An IANA name. Days, weeks and months of every answer are this zone's.
  timezone        TEXT NOT NULL DEFAULT 'UTC' CHECK (length(timezone) BETWEEN 1 AND 64),
  -- ISO 4217.
  currency        TEXT NOT NULL DEFAULT 'USD' CHECK (length(currency) = 3 AND currency = upper(currency)),
  week_start      TEXT NOT NULL DEFAULT 'monday' CHECK (week_start IN ('monday', 'sunday')),
  created_at      INTEGER NOT NULL,
  -- Set: the project is visible to nobody; its data stays.
  archived_at     INTEGER,
  UNIQUE (id, organization_id)
) STRICT;

CREATE INDEX projects_by_organization ON projects (organization_id, name, id);

CREATE TABLE api_clients (
  id              TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  -- Named for `read` and `write`, which see one project; null for `root`, which sees all of the organization.
  project_id      TEXT,
  kind            TEXT NOT NULL CHECK (kind IN ('read', 'root', 'write')),
  name            TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  -- SHA-256 of the secret, lower-case hex. The secret has 32 random bytes, so a slow hash would add nothing.
  secret_hash     TEXT NOT NULL CHECK (length(secret_hash) = 64 AND secret_hash NOT GLOB '*[^0-9a-f]*'),
  created_at      INTEGER NOT NULL,
  expires_at      INTEGER CHECK (expires_at > created_at),
  revoked_at      INTEGER,
  last_used_at    INTEGER,
  CHECK ((kind = 'root') = (project_id IS NULL)),
  -- Together, so that no client of one organization can be given a project of another.
  FOREIGN KEY (project_id, organization_id) REFERENCES projects (id, organization_id) ON DELETE CASCADE
) STRICT;

CREATE INDEX api_clients_by_organization ON api_clients (organization_id, created_at, id);
CREATE INDEX api_clients_by_project ON api_clients (project_id);
