--@test: lists, first and last values
CREATE STREAM notes (who STRING KEY, txt STRING) WITH (KAFKA_TOPIC = 'notes', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE book AS
    SELECT who, COLLECT_LIST(txt) AS all_notes, LATEST_BY_OFFSET(txt) AS last_note, EARLIEST_BY_OFFSET(txt) AS first_note
    FROM notes GROUP BY who EMIT CHANGES;
INSERT INTO notes (ROWTIME, who, txt) VALUES (1, 'ada', 'one');
INSERT INTO notes (ROWTIME, who, txt) VALUES (2, 'bob', 'uno');
INSERT INTO notes (ROWTIME, who, txt) VALUES (3, 'ada', NULL);
INSERT INTO notes (ROWTIME, who, txt) VALUES (4, 'ada', 'two');
ASSERT VALUES book (rowtime, who, all_notes, last_note, first_note) VALUES (1, 'ada', ARRAY['one'], 'one', 'one');
ASSERT VALUES book (rowtime, who, all_notes, last_note, first_note) VALUES (2, 'bob', ARRAY['uno'], 'uno', 'uno');
ASSERT VALUES book (rowtime, who, all_notes, last_note, first_note) VALUES (3, 'ada', ARRAY['one', NULL], 'one', 'one');
ASSERT VALUES book (rowtime, who, all_notes, last_note, first_note) VALUES (4, 'ada', ARRAY['one', NULL, 'two'], 'two', 'one');
