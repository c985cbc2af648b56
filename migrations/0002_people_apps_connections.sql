-- Who may sign in, what their memberships show, and what apps they connected.
--
-- People, members and teams stand here because connections refer to them; how people sign in (passwords, browser sessions, invitations,
-- links to other identity providers) is the next migration's. Instants are Unix milliseconds, UTC. Of every secret only the SHA-256 is kept, as
-- lower-case hex: each has 32 random bytes, so a slow hash would add nothing.

CREATE TABLE users (
  id          TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  -- Lower case.
  email       TEXT UNIQUE CHECK (length(email) BETWEEN 3 AND 320 AND email = lower(email)),
  name        TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  created_at  INTEGER NOT NULL,
  -- Set: shut out everywhere, with the next request.
  disabled_at INTEGER
) STRICT;

CREATE TABLE members (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role            TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
  -- `named`: the projects in `member_projects`, and those of the member's teams.
  sees            TEXT NOT NULL DEFAULT 'all' CHECK (sees IN ('all', 'named')),
  created_at      INTEGER NOT NULL,
  PRIMARY KEY (organization_id, user_id),
  -- Who runs an organization sees all of it.
  CHECK (role = 'member' OR sees = 'all')
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE member_projects (
  organization_id TEXT NOT NULL,
  user_id         TEXT NOT NULL,
  project_id      TEXT NOT NULL,
  PRIMARY KEY (organization_id, user_id, project_id),
  FOREIGN KEY (organization_id, user_id) REFERENCES members (organization_id, user_id) ON DELETE CASCADE,
  -- Together, so that no member of one organization can be shown a project of another.
  FOREIGN KEY (project_id, organization_id) REFERENCES projects (id, organization_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX member_projects_by_project ON member_projects (project_id);

CREATE TABLE teams (
  id              TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  name            TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  created_at      INTEGER NOT NULL,
  UNIQUE (organization_id, name)
) STRICT;

-- Whether a team's members and projects are of its organization is asked again whenever visibility is read.
CREATE TABLE team_members (
  team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (team_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX team_members_by_user ON team_members (user_id);

CREATE TABLE team_projects (
  team_id    TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  PRIMARY KEY (team_id, project_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX team_projects_by_project ON team_projects (project_id);

-- What access tokens are signed with. Two are kept: the newest signs, both verify.
CREATE TABLE signing_keys (
  -- RFC 7638 thumbprint of the public half.
  id         TEXT PRIMARY KEY,
  -- The private half, sealed under the operator's key secret if one is set.
  material   TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX signing_keys_by_age ON signing_keys (created_at);

-- Apps that registered themselves (RFC 7591). Those the operator names, and those whose id is the URL of their document, have no row.
CREATE TABLE apps (
  id            TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  name          TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  redirect_uris TEXT NOT NULL CHECK (json_valid(redirect_uris) AND json_type(redirect_uris) = 'array'),
  auth_method   TEXT NOT NULL CHECK (auth_method IN ('none', 'client_secret_basic', 'client_secret_post')),
  secret_hash   TEXT CHECK (length(secret_hash) = 64 AND secret_hash NOT GLOB '*[^0-9a-f]*'),
  uri           TEXT,
  created_at    INTEGER NOT NULL,
  -- Slides with every use.
  expires_at    INTEGER NOT NULL,
  CHECK ((auth_method = 'none') = (secret_hash IS NULL))
) STRICT;

CREATE INDEX apps_by_expiry ON apps (expires_at);

-- Requests that wait for their person's answer: ten minutes, one answer.
CREATE TABLE pending_consents (
  handle_hash    TEXT PRIMARY KEY CHECK (length(handle_hash) = 64),
  cookie_hash    TEXT NOT NULL CHECK (length(cookie_hash) = 64),
  app_id         TEXT NOT NULL,
  app_name       TEXT NOT NULL,
  verified_host  TEXT,
  redirect_uri   TEXT NOT NULL,
  state          TEXT,
  scope          TEXT NOT NULL,
  code_challenge TEXT NOT NULL,
  expires_at     INTEGER NOT NULL
) STRICT;

CREATE INDEX pending_consents_by_expiry ON pending_consents (expires_at);

-- Authorization codes. A redeemed one stays for a day, so that a second use is recognised and ends what the first made.
CREATE TABLE codes (
  code_hash       TEXT PRIMARY KEY CHECK (length(code_hash) = 64),
  app_id          TEXT NOT NULL,
  app_name        TEXT NOT NULL,
  user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  project_ids     TEXT CHECK (json_valid(project_ids) AND json_type(project_ids) = 'array'),
  scope           TEXT NOT NULL,
  redirect_uri    TEXT NOT NULL,
  code_challenge  TEXT NOT NULL,
  expires_at      INTEGER NOT NULL,
  -- Set when it is redeemed: what it became.
  connection_id   TEXT
) STRICT;

CREATE INDEX codes_by_expiry ON codes (expires_at);
CREATE INDEX codes_by_user ON codes (user_id);
CREATE INDEX codes_by_organization ON codes (organization_id);

-- An app connected by a person: a family of refresh tokens.
CREATE TABLE connections (
  id                    TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  user_id               TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  organization_id       TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  -- No reference: the app may be a document's or the operator's, and a connection is shown after its registration has gone.
  app_id                TEXT NOT NULL,
  -- What the app called itself, until the person renames it.
  app_name              TEXT NOT NULL CHECK (length(app_name) BETWEEN 1 AND 200),
  redirect_host         TEXT NOT NULL,
  scope                 TEXT NOT NULL,
  -- Null: all that the person sees in the organization.
  project_ids           TEXT CHECK (json_valid(project_ids) AND json_type(project_ids) = 'array'),
  created_at            INTEGER NOT NULL,
  expires_at            INTEGER NOT NULL,
  revoked_at            INTEGER,
  revoked_because       TEXT CHECK (revoked_because IN ('person', 'app', 'code_replayed', 'refresh_replayed')),
  -- The token that is current, and the one that was exchanged for it.
  refresh_hash          TEXT NOT NULL CHECK (length(refresh_hash) = 64),
  refresh_previous_hash TEXT CHECK (length(refresh_previous_hash) = 64),
  -- For the connections page.
  last_used_at          INTEGER,
  requests              INTEGER NOT NULL DEFAULT 0,
  CHECK ((revoked_at IS NULL) = (revoked_because IS NULL))
) STRICT;

CREATE INDEX connections_by_user ON connections (user_id, created_at, id);
CREATE INDEX connections_by_organization ON connections (organization_id, created_at, id);
CREATE INDEX connections_by_expiry ON connections (expires_at);
CREATE INDEX connections_by_revocation ON connections (revoked_at) WHERE revoked_at IS NOT NULL;

-- Every refresh token a living family has issued: an old one that comes back is recognised by its row.
CREATE TABLE refresh_tokens (
  token_hash    TEXT PRIMARY KEY CHECK (length(token_hash) = 64),
  connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  issued_at     INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  -- When it stopped being current.
  superseded_at INTEGER
) STRICT;

CREATE INDEX refresh_tokens_by_connection ON refresh_tokens (connection_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

-- Ids of client assertions (RFC 7523) seen, until they expire.
CREATE TABLE assertions (
  id_hash    TEXT PRIMARY KEY CHECK (length(id_hash) = 64),
  expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX assertions_by_expiry ON assertions (expires_at);

-- What happened: no secret, no e-mail address. No references, so that it outlives what it tells of.
CREATE TABLE audit (
  id              TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  at              INTEGER NOT NULL,
  organization_id TEXT,
  user_id         TEXT,
  -- A stable slug, such as `connection.revoked`.
  action          TEXT NOT NULL CHECK (length(action) BETWEEN 1 AND 64),
  detail          TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail) AND json_type(detail) = 'object')
) STRICT;

CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_organization ON audit (organization_id, at);
CREATE INDEX audit_by_user ON audit (user_id, at);
