-- Times are milliseconds since 1970, 0 for none; hashes are hex.

CREATE TABLE merchants (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	max_models INTEGER NOT NULL,
	max_bytes INTEGER NOT NULL,
	signed_urls INTEGER NOT NULL,
	suspended INTEGER NOT NULL,
	created INTEGER NOT NULL,
	entries INTEGER NOT NULL, -- of its audit
	head TEXT NOT NULL        -- hash of the newest entry
) STRICT;

CREATE TABLE api_keys (
	id TEXT PRIMARY KEY,
	hash TEXT NOT NULL, -- SHA-256 of the secret, which is nowhere
	merchant TEXT NOT NULL REFERENCES merchants (id),
	name TEXT NOT NULL,
	scopes TEXT NOT NULL,
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	revoked INTEGER NOT NULL
) STRICT;
CREATE INDEX api_keys_by_merchant ON api_keys (merchant, id);

CREATE TABLE usage_days (
	merchant TEXT NOT NULL REFERENCES merchants (id),
	day TEXT NOT NULL,
	kind TEXT NOT NULL,
	count INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	cpu_micros INTEGER NOT NULL,
	PRIMARY KEY (merchant, day, kind)
) STRICT, WITHOUT ROWID;

-- What was recorded already.
CREATE TABLE usage_events (
	merchant TEXT NOT NULL,
	event TEXT NOT NULL,
	day TEXT NOT NULL,
	PRIMARY KEY (merchant, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
	merchant TEXT NOT NULL REFERENCES merchants (id),
	number INTEGER NOT NULL,
	at INTEGER NOT NULL,
	who TEXT NOT NULL,
	what TEXT NOT NULL,
	target TEXT NOT NULL,
	detail TEXT NOT NULL, -- as it was hashed
	previous TEXT NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (merchant, number)
) STRICT;
CREATE TRIGGER audit_is_not_updated BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
