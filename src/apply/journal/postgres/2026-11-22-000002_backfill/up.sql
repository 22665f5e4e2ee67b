CREATE TABLE msr.backfill (
    checksum text NOT NULL,
    step bigint NOT NULL,
    place text NOT NULL,
    rows bigint NOT NULL,
    PRIMARY KEY (checksum, step)
);
COMMENT ON TABLE msr.backfill IS 'How far backfills that are under way have come: the key of the last row of the last batch.';
