ALTER TABLE msr.plans ADD COLUMN part bigint NOT NULL DEFAULT 0;
ALTER TABLE msr.plans DROP CONSTRAINT plans_pkey;
ALTER TABLE msr.plans ADD PRIMARY KEY (checksum, part);
COMMENT ON TABLE msr.plans IS 'The plan files that msr applied, by their checksums; the text of a large one is in several parts.';
