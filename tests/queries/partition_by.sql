--@test: a new key, which may be NULL
CREATE STREAM visits (id INT KEY, usr STRING, page STRING)
    WITH (KAFKA_TOPIC = 'visits', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM by_user AS SELECT usr, id, page FROM visits PARTITION BY usr EMIT CHANGES;
INSERT INTO visits (ROWTIME, id, usr, page) VALUES (1, 1, 'ada', '/a');
INSERT INTO visits (ROWTIME, id, usr, page) VALUES (2, 2, NULL, '/b');
INSERT INTO visits (ROWTIME, id, usr, page) VALUES (3, 3, 'bob', '/c');
ASSERT VALUES by_user (rowtime, usr, id, page) VALUES (1, 'ada', 1, '/a');
ASSERT VALUES by_user (rowtime, usr, id, page) VALUES (2, NULL, 2, '/b');
ASSERT VALUES by_user (rowtime, usr, id, page) VALUES (3, 'bob', 3, '/c');

--@test: a key of an expression, then a count by it
CREATE STREAM events (id INT KEY, code INT) WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM by_class AS SELECT code / 100 AS class, code, id FROM events PARTITION BY code / 100 EMIT CHANGES;
CREATE TABLE per_class AS SELECT class, COUNT(*) AS n, MAX(code) AS top FROM by_class GROUP BY class EMIT CHANGES;
INSERT INTO events (ROWTIME, id, code) VALUES (1, 1, 200);
INSERT INTO events (ROWTIME, id, code) VALUES (2, 2, 404);
INSERT INTO events (ROWTIME, id, code) VALUES (3, 3, 204);
INSERT INTO events (ROWTIME, id, code) VALUES (4, 4, 500);
INSERT INTO events (ROWTIME, id, code) VALUES (5, 5, 418);
ASSERT VALUES by_class (rowtime, class, code, id) VALUES (1, 2, 200, 1);
ASSERT VALUES by_class (rowtime, class, code, id) VALUES (2, 4, 404, 2);
ASSERT VALUES by_class (rowtime, class, code, id) VALUES (3, 2, 204, 3);
ASSERT VALUES by_class (rowtime, class, code, id) VALUES (4, 5, 500, 4);
ASSERT VALUES by_class (rowtime, class, code, id) VALUES (5, 4, 418, 5);
ASSERT VALUES per_class (rowtime, class, n, top) VALUES (1, 2, 1, 200);
ASSERT VALUES per_class (rowtime, class, n, top) VALUES (2, 4, 1, 404);
ASSERT VALUES per_class (rowtime, class, n, top) VALUES (3, 2, 2, 204);
ASSERT VALUES per_class (rowtime, class, n, top) VALUES (4, 5, 1, 500);
ASSERT VALUES per_class (rowtime, class, n, top) VALUES (5, 4, 2, 418);
