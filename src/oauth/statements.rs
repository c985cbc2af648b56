//! The authorization server's SQL. Each group is one batch, which D1 runs as one transaction, and its first or named statement's change count
//! tells whether this call made the change. The others ask for that change, so that they happen with it or not at all.

/// `?1` id, `?2` at, `?3` organization, `?4` person, `?5` action, `?6` detail. The condition follows.
pub const AUDIT: &str = "INSERT INTO audit (id, at, organization_id, user_id, action, detail) SELECT ?1, ?2, ?3, ?4, ?5, ?6";

pub const SIGNING_KEYS: &str =
    "SELECT id, material, created_at FROM signing_keys ORDER BY created_at DESC LIMIT 10";

pub const ADD_SIGNING_KEY: &str = "INSERT INTO signing_keys (id, material, created_at) SELECT ?1, ?2, ?3 \
     WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE created_at > ?4)";

pub const APP: &str = "SELECT id, name, redirect_uris, auth_method, secret_hash, uri, expires_at FROM apps WHERE id = ?1";

pub const ADD_APP: &str = "INSERT INTO apps (id, name, redirect_uris, auth_method, secret_hash, uri, created_at, expires_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING";

/// `?1` app, `?2` until.
pub const SLIDE_APP: &str = "UPDATE apps SET expires_at = max(expires_at, ?2) WHERE id = ?1";

pub const SAVE_PENDING: &str = "INSERT INTO pending_consents (handle_hash, cookie_hash, app_id, app_name, verified_host, redirect_uri, state, \
     scope, code_challenge, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

pub const PENDING: &str = "SELECT handle_hash, cookie_hash, app_id, app_name, verified_host, redirect_uri, state, scope, code_challenge, \
     expires_at FROM pending_consents WHERE handle_hash = ?1";

pub const IS_CONNECTED: &str = "SELECT 1 AS found FROM connections WHERE user_id = ?1 AND app_id = ?2 AND redirect_host = ?3 \
     AND revoked_at IS NULL AND expires_at > ?4 LIMIT 1";

/// `?11` handle, `?12` now.
pub const GRANT: &str = "INSERT INTO codes (code_hash, app_id, app_name, user_id, organization_id, project_ids, scope, redirect_uri, \
     code_challenge, expires_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 \
     WHERE EXISTS (SELECT 1 FROM pending_consents WHERE handle_hash = ?11 AND expires_at > ?12)";

/// `?1` handle, `?2` now.
pub const TAKE_PENDING: &str =
    "DELETE FROM pending_consents WHERE handle_hash = ?1 AND expires_at > ?2";

pub const CODE: &str = "SELECT code_hash, app_id, app_name, user_id, organization_id, project_ids, scope, redirect_uri, code_challenge, \
     expires_at, connection_id FROM codes WHERE code_hash = ?1";

/// `?1` code, `?2` connection, `?3` now.
pub const REDEEM: &str = "UPDATE codes SET connection_id = ?2 WHERE code_hash = ?1 AND connection_id IS NULL AND expires_at > ?3";

/// `?12` code.
pub const ADD_CONNECTION: &str = "INSERT INTO connections (id, user_id, organization_id, app_id, app_name, redirect_host, scope, project_ids, \
     created_at, expires_at, refresh_hash) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 \
     WHERE EXISTS (SELECT 1 FROM codes WHERE code_hash = ?12 AND connection_id = ?1)";

/// The token that just became current in a family. `?1` token, `?2` connection, `?3` now.
pub const ADD_REFRESH: &str = "INSERT INTO refresh_tokens (token_hash, connection_id, issued_at, expires_at) \
     SELECT ?1, id, ?3, expires_at FROM connections WHERE id = ?2 AND refresh_hash = ?1";

pub const REFRESH: &str = "SELECT c.id, c.user_id, c.organization_id, c.app_id, c.app_name, c.redirect_host, c.scope, c.project_ids, \
     c.created_at, c.expires_at, c.revoked_at, c.refresh_hash, c.refresh_previous_hash, r.superseded_at \
     FROM refresh_tokens r JOIN connections c ON c.id = r.connection_id WHERE r.token_hash = ?1";

/// `?1` connection, `?2` presented, `?3` current, `?4` next, `?5` now.
pub const ROTATE: &str = "UPDATE connections SET refresh_previous_hash = ?2, refresh_hash = ?4 \
     WHERE id = ?1 AND refresh_hash = ?3 AND revoked_at IS NULL AND expires_at > ?5";

/// As above.
pub const SUPERSEDE: &str = "UPDATE refresh_tokens SET superseded_at = ?5 WHERE token_hash IN (?2, ?3) AND superseded_at IS NULL \
     AND EXISTS (SELECT 1 FROM connections WHERE id = ?1 AND refresh_hash = ?4)";

/// `?1` connection, `?2` next, `?3` until.
pub const SLIDE_APP_OF: &str = "UPDATE apps SET expires_at = max(expires_at, ?3) \
     WHERE id = (SELECT app_id FROM connections WHERE id = ?1 AND refresh_hash = ?2)";

/// `?1` connection, `?2` now, `?3` because.
pub const REVOKE: &str = "UPDATE connections SET revoked_at = ?2, revoked_because = ?3 WHERE id = ?1 AND revoked_at IS NULL";

pub const ADD_ASSERTION: &str =
    "INSERT INTO assertions (id_hash, expires_at) VALUES (?1, ?2) ON CONFLICT (id_hash) DO NOTHING";

/// Each over an index; `?1` an instant.
pub const PURGE_EXPIRED: [&str; 4] = [
    "DELETE FROM apps WHERE expires_at <= ?1",
    "DELETE FROM pending_consents WHERE expires_at <= ?1",
    "DELETE FROM refresh_tokens WHERE expires_at <= ?1",
    "DELETE FROM assertions WHERE expires_at <= ?1",
];
pub const PURGE_CODES: &str = "DELETE FROM codes WHERE expires_at <= ?1";
pub const PURGE_CONNECTIONS: [&str; 2] = [
    "DELETE FROM connections WHERE expires_at <= ?1",
    "DELETE FROM connections WHERE revoked_at <= ?1",
];
pub const PURGE_AUDIT: &str = "DELETE FROM audit WHERE at <= ?1";
/// All but the newest two.
pub const PURGE_KEYS: &str = "DELETE FROM signing_keys \
     WHERE created_at < (SELECT created_at FROM signing_keys ORDER BY created_at DESC LIMIT 1 OFFSET 1)";
