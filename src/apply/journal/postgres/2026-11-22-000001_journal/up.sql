CREATE TABLE msr.journal (
    number bigint PRIMARY KEY,
    event text NOT NULL,
    version text NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    batch bigint NOT NULL,
    at text NOT NULL,
    who text NOT NULL,
    msr text NOT NULL,
    millis bigint NOT NULL,
    live text,
    desired text,
    stamp text,
    error text,
    steps text NOT NULL,
    hash text NOT NULL
);
COMMENT ON TABLE msr.journal IS 'What msr did to this database. Append-only: each hash covers its row and the hash before.';

CREATE TABLE msr.plans (
    checksum text PRIMARY KEY,
    text text NOT NULL
);
COMMENT ON TABLE msr.plans IS 'The plan files that msr applied, by their checksums.';

CREATE VIEW msr.schema_version AS
SELECT j.version, j.name, j.at::timestamptz AS applied_at
FROM msr.journal j
WHERE j.event IN ('applied', 'expanded', 'baseline')
  AND NOT EXISTS (
      SELECT FROM msr.journal u WHERE u.event = 'undone' AND u.checksum = j.checksum AND u.number > j.number
  )
ORDER BY j.number DESC
LIMIT 1;
COMMENT ON VIEW msr.schema_version IS 'The newest plan that stands: grant SELECT on it for health checks.';
