-- A page that has not changed need not be sent again, where its source says by what it can be asked.

ALTER TABLE visits ADD COLUMN validators jsonb;
COMMENT ON COLUMN visits.validators IS
    'ETag and Last-Modified of the page that told the outcome, its address, and the version of the parser that read it.';
