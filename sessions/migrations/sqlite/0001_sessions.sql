-- Sessions, version 1. Times are seconds since 1970, UTC.
CREATE TABLE IF NOT EXISTS sessions (
    store_key  BLOB    NOT NULL PRIMARY KEY, -- 32 bytes, a hash: opens nothing
    handle     BLOB    NOT NULL,             -- 16 bytes, the public name
    write_id   BLOB    NOT NULL,             -- 16 bytes, new with every write
    created    INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    deadline   INTEGER NOT NULL,             -- dead from then on
    principal  BLOB,                         -- whom it belongs to
    device     INTEGER NOT NULL,             -- 1 if the next two are kept
    address    TEXT,
    user_agent TEXT,
    body       BLOB    NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_by_deadline ON sessions (deadline);
CREATE INDEX IF NOT EXISTS sessions_by_principal ON sessions (principal) WHERE principal IS NOT NULL;

-- One row: which of these files were run.
CREATE TABLE IF NOT EXISTS sessions_schema (id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL) STRICT;
INSERT INTO sessions_schema (id, version) VALUES (1, 1) ON CONFLICT (id) DO NOTHING;
