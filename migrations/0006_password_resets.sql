-- Links that let one person set a new password, once: for whoever forgot the old one.
CREATE TABLE password_resets (
  token_hash TEXT PRIMARY KEY CHECK (length(token_hash) = 64 AND token_hash NOT GLOB '*[^0-9a-f]*'),
  user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  -- Who made it; null: whoever holds the operator's set-up secret.
  made_by    TEXT REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  -- The one use of it, by an id made for that use.
  used_by    TEXT
) STRICT;

CREATE INDEX password_resets_by_user ON password_resets (user_id);
CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);
