-- Times are milliseconds since 1970, 0 for none; hashes are hex. IDs and days are in
-- the order of their bytes, whatever the language of the database.

CREATE TABLE merchants (
	id TEXT COLLATE "C" PRIMARY KEY,
	name TEXT NOT NULL,
	max_models BIGINT NOT NULL,
	max_bytes BIGINT NOT NULL,
	signed_urls BOOLEAN NOT NULL,
	suspended BOOLEAN NOT NULL,
	created BIGINT NOT NULL,
	entries BIGINT NOT NULL, -- of its audit
	head TEXT NOT NULL       -- hash of the newest entry
);

CREATE TABLE api_keys (
	id TEXT COLLATE "C" PRIMARY KEY,
	hash TEXT NOT NULL, -- SHA-256 of the secret, which is nowhere
	merchant TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
	name TEXT NOT NULL,
	scopes TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	revoked BIGINT NOT NULL
);
CREATE INDEX api_keys_by_merchant ON api_keys (merchant, id);

CREATE TABLE usage_days (
	merchant TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
	day TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	count BIGINT NOT NULL,
	bytes BIGINT NOT NULL,
	cpu_micros BIGINT NOT NULL,
	PRIMARY KEY (merchant, day, kind)
);

-- What was recorded already.
CREATE TABLE usage_events (
	merchant TEXT COLLATE "C" NOT NULL,
	event TEXT COLLATE "C" NOT NULL,
	day TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (merchant, event)
);

CREATE TABLE audit (
	merchant TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
	number BIGINT NOT NULL,
	at BIGINT NOT NULL,
	who TEXT NOT NULL,
	what TEXT NOT NULL,
	target TEXT NOT NULL,
	detail TEXT NOT NULL, -- as it was hashed; JSONB would write it anew
	previous TEXT NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (merchant, number)
);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the audit is append-only';
END
$$;
CREATE TRIGGER audit_is_not_updated BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_is_not_truncated BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_is_append_only();
