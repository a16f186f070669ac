--@test: sessions grow and merge
CREATE STREAM acts (usr STRING KEY, v INT) WITH (KAFKA_TOPIC = 'acts', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE sessions AS
    SELECT usr, COUNT(*) AS n, SUM(v) AS total FROM acts WINDOW SESSION (10 SECONDS) GROUP BY usr EMIT CHANGES;
INSERT INTO acts (ROWTIME, usr, v) VALUES (0, 'a', 1);
INSERT INTO acts (ROWTIME, usr, v) VALUES (5000, 'a', 2);
INSERT INTO acts (ROWTIME, usr, v) VALUES (20000, 'a', 4);
INSERT INTO acts (ROWTIME, usr, v) VALUES (21000, 'b', 8);
INSERT INTO acts (ROWTIME, usr, v) VALUES (12000, 'a', 16);
ASSERT VALUES sessions (rowtime, windowstart, windowend, usr, n, total) VALUES (0, 0, 0, 'a', 1, 1);
ASSERT NULL VALUES sessions (rowtime, windowstart, windowend, usr) KEY (0, 0, 0, 'a');
ASSERT VALUES sessions (rowtime, windowstart, windowend, usr, n, total) VALUES (5000, 0, 5000, 'a', 2, 3);
ASSERT VALUES sessions (rowtime, windowstart, windowend, usr, n, total) VALUES (20000, 20000, 20000, 'a', 1, 4);
ASSERT VALUES sessions (rowtime, windowstart, windowend, usr, n, total) VALUES (21000, 21000, 21000, 'b', 1, 8);
ASSERT NULL VALUES sessions (rowtime, windowstart, windowend, usr) KEY (5000, 0, 5000, 'a');
ASSERT NULL VALUES sessions (rowtime, windowstart, windowend, usr) KEY (20000, 20000, 20000, 'a');
ASSERT VALUES sessions (rowtime, windowstart, windowend, usr, n, total) VALUES (20000, 0, 20000, 'a', 4, 23);
