-- Sessions, version 1. Times are seconds since 1970, UTC.
CREATE TABLE IF NOT EXISTS sessions (
    store_key  BYTEA   NOT NULL PRIMARY KEY, -- 32 bytes, a hash: opens nothing
    handle     BYTEA   NOT NULL,             -- 16 bytes, the public name
    write_id   BYTEA   NOT NULL,             -- 16 bytes, new with every write
    created    BIGINT  NOT NULL,
    last_seen  BIGINT  NOT NULL,
    deadline   BIGINT  NOT NULL,             -- dead from then on
    principal  BYTEA,                        -- whom it belongs to
    device     BOOLEAN NOT NULL,             -- whether the next two are kept
    address    TEXT,
    user_agent TEXT,
    body       BYTEA   NOT NULL
);
CREATE INDEX IF NOT EXISTS sessions_by_deadline ON sessions (deadline);
CREATE INDEX IF NOT EXISTS sessions_by_principal ON sessions (principal) WHERE principal IS NOT NULL;

-- Who counts the sessions of a principal locks one of these rows, which a hash of the principal chooses.
CREATE TABLE IF NOT EXISTS sessions_locks (stripe BIGINT NOT NULL PRIMARY KEY);
INSERT INTO sessions_locks (stripe) VALUES
    (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15),
    (16), (17), (18), (19), (20), (21), (22), (23), (24), (25), (26), (27), (28), (29), (30), (31),
    (32), (33), (34), (35), (36), (37), (38), (39), (40), (41), (42), (43), (44), (45), (46), (47),
    (48), (49), (50), (51), (52), (53), (54), (55), (56), (57), (58), (59), (60), (61), (62), (63)
ON CONFLICT (stripe) DO NOTHING;

-- One row: which of these files were run.
CREATE TABLE IF NOT EXISTS sessions_schema (id BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL);
INSERT INTO sessions_schema (id, version) VALUES (1, 1) ON CONFLICT (id) DO NOTHING;
