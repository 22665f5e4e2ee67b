CREATE TABLE msr_journal (
    number INTEGER NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    version TEXT NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    batch INTEGER NOT NULL,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    msr TEXT NOT NULL,
    millis INTEGER NOT NULL,
    live TEXT,
    desired TEXT,
    stamp TEXT,
    error TEXT,
    steps TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE TABLE msr_plans (
    checksum TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL
);

CREATE VIEW msr_schema_version AS
SELECT j.version, j.name, j.at AS applied_at
FROM msr_journal j
WHERE j.event IN ('applied', 'expanded', 'baseline')
  AND NOT EXISTS (
      SELECT 1 FROM msr_journal u WHERE u.event = 'undone' AND u.checksum = j.checksum AND u.number > j.number
  )
ORDER BY j.number DESC
LIMIT 1;
