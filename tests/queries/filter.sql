--@test: a filter keeps the rows for which the condition is true
CREATE STREAM clicks (usr STRING KEY, page STRING, ms INT)
    WITH (KAFKA_TOPIC = 'clicks', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM slow AS SELECT usr, page, ms FROM clicks WHERE ms > 100 AND page <> '/' EMIT CHANGES;
INSERT INTO clicks (ROWTIME, usr, page, ms) VALUES (1, 'ada', '/a', 50);
INSERT INTO clicks (ROWTIME, usr, page, ms) VALUES (2, 'ada', '/b', 150);
INSERT INTO clicks (ROWTIME, usr, page, ms) VALUES (3, 'bob', '/', 500);
INSERT INTO clicks (ROWTIME, usr, page, ms) VALUES (4, 'bob', '/b', 101);
INSERT INTO clicks (ROWTIME, usr, page, ms) VALUES (5, 'cy', NULL, 900);
INSERT INTO clicks (ROWTIME, usr, page, ms) VALUES (6, 'cy', '/c', NULL);
ASSERT VALUES slow (rowtime, usr, page, ms) VALUES (2, 'ada', '/b', 150);
ASSERT VALUES slow (rowtime, usr, page, ms) VALUES (4, 'bob', '/b', 101);

--@test: a comparison with NULL is false, and its negation true
CREATE STREAM measures (id INT KEY, v INT)
    WITH (KAFKA_TOPIC = 'measures', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM not_one AS SELECT id, v FROM measures WHERE NOT (v = 1) EMIT CHANGES;
CREATE STREAM unequal AS SELECT id, v FROM measures WHERE v <> 1 EMIT CHANGES;
CREATE STREAM absent AS SELECT id, v FROM measures WHERE v IS NULL EMIT CHANGES;
CREATE STREAM distinct_from AS SELECT id, v FROM measures WHERE v IS DISTINCT FROM 1 EMIT CHANGES;
INSERT INTO measures (ROWTIME, id, v) VALUES (1, 1, 1);
INSERT INTO measures (ROWTIME, id, v) VALUES (2, 2, 2);
INSERT INTO measures (ROWTIME, id, v) VALUES (3, 3, NULL);
ASSERT VALUES not_one (rowtime, id, v) VALUES (2, 2, 2);
ASSERT VALUES not_one (rowtime, id, v) VALUES (3, 3, NULL);
ASSERT VALUES unequal (rowtime, id, v) VALUES (2, 2, 2);
ASSERT VALUES absent (rowtime, id, v) VALUES (3, 3, NULL);
ASSERT VALUES distinct_from (rowtime, id, v) VALUES (2, 2, 2);
ASSERT VALUES distinct_from (rowtime, id, v) VALUES (3, 3, NULL);

--@test: patterns, lists and ranges
CREATE STREAM words (id INT KEY, w STRING, n INT)
    WITH (KAFKA_TOPIC = 'words', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM liked AS SELECT id, w FROM words WHERE w LIKE 'a%' EMIT CHANGES;
CREATE STREAM listed AS SELECT id, w FROM words WHERE w IN ('apple', 'plum') EMIT CHANGES;
CREATE STREAM ranged AS SELECT id, n FROM words WHERE n NOT BETWEEN 2 AND 3 EMIT CHANGES;
INSERT INTO words (ROWTIME, id, w, n) VALUES (1, 1, 'apple', 1);
INSERT INTO words (ROWTIME, id, w, n) VALUES (2, 2, 'plum', 2);
INSERT INTO words (ROWTIME, id, w, n) VALUES (3, 3, 'avocado', 4);
INSERT INTO words (ROWTIME, id, w, n) VALUES (4, 4, 'pear', 3);
ASSERT VALUES liked (rowtime, id, w) VALUES (1, 1, 'apple');
ASSERT VALUES liked (rowtime, id, w) VALUES (3, 3, 'avocado');
ASSERT VALUES listed (rowtime, id, w) VALUES (1, 1, 'apple');
ASSERT VALUES listed (rowtime, id, w) VALUES (2, 2, 'plum');
ASSERT VALUES ranged (rowtime, id, n) VALUES (1, 1, 1);
ASSERT VALUES ranged (rowtime, id, n) VALUES (3, 3, 4);
