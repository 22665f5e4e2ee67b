CREATE TABLE msr_plans_in_parts (
    checksum TEXT NOT NULL,
    part INTEGER NOT NULL DEFAULT 0,
    text TEXT NOT NULL,
    PRIMARY KEY (checksum, part)
);
INSERT INTO msr_plans_in_parts (checksum, text) SELECT checksum, text FROM msr_plans;
DROP TABLE msr_plans;
ALTER TABLE msr_plans_in_parts RENAME TO msr_plans;
