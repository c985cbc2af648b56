-- How people prove who they are in a browser, and how they come in.
--
-- Instants are Unix milliseconds, UTC. Tokens are kept as SHA-256 in lower-case hex: each has 32 random bytes.

-- One row, written by whoever sets this deployment up: that it exists closes set-up.
CREATE TABLE installation (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  -- The first owner. No reference: the row is written before the person's, and outlives them.
  owner_id  TEXT NOT NULL,
  set_up_at INTEGER NOT NULL
) STRICT;

CREATE TABLE passwords (
  user_id    TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  -- Argon2id with its salt and parameters.
  phc        TEXT NOT NULL CHECK (phc GLOB '$argon2id$*'),
  changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE browser_sessions (
  token_hash   TEXT PRIMARY KEY CHECK (length(token_hash) = 64),
  -- Names the session on its owner's account page.
  id           TEXT NOT NULL UNIQUE,
  user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  signed_in_by TEXT NOT NULL CHECK (signed_in_by IN ('password', 'provider', 'invitation', 'set-up')),
  -- The browser's own words about itself, shortened.
  browser      TEXT NOT NULL DEFAULT '' CHECK (length(browser) <= 300),
  created_at   INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX browser_sessions_by_user ON browser_sessions (user_id, created_at);
CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at);

-- Browsers that have signed someone in before: others' guesses do not slow these down.
CREATE TABLE known_browsers (
  token_hash TEXT NOT NULL CHECK (length(token_hash) = 64),
  user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (token_hash, user_id)
) STRICT;

CREATE INDEX known_browsers_by_user ON known_browsers (user_id);
CREATE INDEX known_browsers_by_expiry ON known_browsers (expires_at);

CREATE TABLE sign_in_attempts (
  -- SHA-256 of what is counted: an account, a source or a known browser.
  counter       TEXT PRIMARY KEY CHECK (length(counter) = 64),
  attempts      INTEGER NOT NULL,
  blocked_until INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX sign_in_attempts_by_expiry ON sign_in_attempts (expires_at);

CREATE TABLE invitations (
  id              TEXT PRIMARY KEY,
  token_hash      TEXT NOT NULL UNIQUE CHECK (length(token_hash) = 64),
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  -- For this address only, if there is one.
  email           TEXT,
  role            TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
  sees            TEXT NOT NULL CHECK (sees IN ('all', 'named')),
  invited_by      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at      INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL CHECK (expires_at > created_at),
  -- Set once, by the update that decides who was first.
  accepted_at     INTEGER,
  accepted_by     TEXT,
  revoked_at      INTEGER
) STRICT;

CREATE INDEX invitations_by_organization ON invitations (organization_id, created_at);
CREATE INDEX invitations_by_expiry ON invitations (expires_at);

CREATE TABLE invitation_projects (
  invitation_id TEXT NOT NULL REFERENCES invitations (id) ON DELETE CASCADE,
  project_id    TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  PRIMARY KEY (invitation_id, project_id)
) STRICT;

-- Who a person is at an OpenID Connect provider (OpenID Connect Core §5.7: only issuer and subject together name somebody).
CREATE TABLE oidc_links (
  issuer     TEXT NOT NULL,
  subject    TEXT NOT NULL,
  user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (issuer, subject)
) STRICT;

CREATE INDEX oidc_links_by_user ON oidc_links (user_id);

-- A person sent to a provider, until they come back. Taken out by the one who does.
CREATE TABLE oidc_requests (
  state_hash   TEXT PRIMARY KEY CHECK (length(state_hash) = 64),
  -- SHA-256 of the form cookie of the browser it was begun in.
  browser_hash TEXT NOT NULL CHECK (length(browser_hash) = 64),
  issuer       TEXT NOT NULL,
  nonce        TEXT NOT NULL,
  verifier     TEXT NOT NULL,
  return_to    TEXT NOT NULL CHECK (return_to GLOB '/*'),
  expires_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX oidc_requests_by_expiry ON oidc_requests (expires_at);
