--@test: event time from a column
--@partitions: 1
CREATE STREAM ev (id STRING KEY, ms BIGINT) WITH (KAFKA_TOPIC = 'ev', VALUE_FORMAT = 'JSON', TIMESTAMP = 'ms', PARTITIONS = 1);
CREATE TABLE per_window AS SELECT id, COUNT(*) AS n FROM ev WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY id EMIT CHANGES;
CREATE STREAM times AS SELECT id, ROWTIME AS rt FROM ev EMIT CHANGES;
INSERT INTO ev (ROWTIME, id, ms) VALUES (1, 'a', 5000);
INSERT INTO ev (ROWTIME, id, ms) VALUES (2, 'a', 5999);
INSERT INTO ev (ROWTIME, id, ms) VALUES (3, 'a', 6000);
INSERT INTO ev (ROWTIME, id, ms) VALUES (4, 'a', -1);
ASSERT VALUES per_window (rowtime, windowstart, windowend, id, n) VALUES (5000, 5000, 6000, 'a', 1);
ASSERT VALUES per_window (rowtime, windowstart, windowend, id, n) VALUES (5999, 5000, 6000, 'a', 2);
ASSERT VALUES per_window (rowtime, windowstart, windowend, id, n) VALUES (6000, 6000, 7000, 'a', 1);
ASSERT VALUES times (rowtime, id, rt) VALUES (5000, 'a', 5000);
ASSERT VALUES times (rowtime, id, rt) VALUES (5999, 'a', 5999);
ASSERT VALUES times (rowtime, id, rt) VALUES (6000, 'a', 6000);
