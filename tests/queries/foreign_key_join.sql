--@test: inner and left joins with the row that a row refers to
CREATE TABLE l (id STRING PRIMARY KEY, fk STRING, v INT) WITH (KAFKA_TOPIC = 'l', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE r (id STRING PRIMARY KEY, w INT) WITH (KAFKA_TOPIC = 'r', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE inner_join AS SELECT l.id AS id, r.id AS rid, v, w FROM l JOIN r ON l.fk = r.id EMIT CHANGES;
CREATE TABLE left_join AS SELECT l.id AS id, v, w FROM l LEFT JOIN r ON l.fk = r.id EMIT CHANGES;
INSERT INTO l (ROWTIME, id, fk, v) VALUES (1, 'a', 'x', 1);
INSERT INTO r (ROWTIME, id, w) VALUES (2, 'x', 10);
INSERT INTO l (ROWTIME, id, fk, v) VALUES (3, 'b', 'x', 2);
INSERT INTO l (ROWTIME, id, fk, v) VALUES (4, 'c', NULL, 3);
INSERT INTO r (ROWTIME, id, w) VALUES (5, 'y', 20);
INSERT INTO l (ROWTIME, id, fk, v) VALUES (6, 'a', 'y', 4);
INSERT INTO r (ROWTIME, id, w) VALUES (7, 'x', 11);
INSERT INTO l (ROWTIME, id, fk, v) VALUES (8, 'b', NULL, 5);
INSERT INTO l (ROWTIME, id, fk, v) VALUES (9, 'c', 'y', 6);
ASSERT VALUES inner_join (rowtime, id, rid, v, w) VALUES (2, 'a', 'x', 1, 10);
ASSERT VALUES inner_join (rowtime, id, rid, v, w) VALUES (3, 'b', 'x', 2, 10);
ASSERT VALUES inner_join (rowtime, id, rid, v, w) VALUES (6, 'a', 'y', 4, 20);
ASSERT VALUES inner_join (rowtime, id, rid, v, w) VALUES (7, 'b', 'x', 2, 11);
ASSERT NULL VALUES inner_join (rowtime, id) KEY (8, 'b');
ASSERT VALUES inner_join (rowtime, id, rid, v, w) VALUES (9, 'c', 'y', 6, 20);
ASSERT VALUES left_join (rowtime, id, v, w) VALUES (1, 'a', 1, NULL);
ASSERT VALUES left_join (rowtime, id, v, w) VALUES (2, 'a', 1, 10);
ASSERT VALUES left_join (rowtime, id, v, w) VALUES (3, 'b', 2, 10);
ASSERT VALUES left_join (rowtime, id, v, w) VALUES (4, 'c', 3, NULL);
ASSERT VALUES left_join (rowtime, id, v, w) VALUES (6, 'a', 4, 20);
ASSERT VALUES left_join (rowtime, id, v, w) VALUES (7, 'b', 2, 11);
ASSERT VALUES left_join (rowtime, id, v, w) VALUES (8, 'b', 5, NULL);
ASSERT VALUES left_join (rowtime, id, v, w) VALUES (9, 'c', 6, 20);

--@test: a foreign key that is computed, and what is made of the result
--@partitions: 1
CREATE TABLE l (id STRING PRIMARY KEY, fk STRING, v INT) WITH (KAFKA_TOPIC = 'l', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE r (id STRING PRIMARY KEY, w STRING) WITH (KAFKA_TOPIC = 'r', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE per_w AS SELECT w, SUM(v) AS total, COUNT(*) AS n FROM l JOIN r ON UCASE(l.fk) = r.id WHERE v > 0 GROUP BY w EMIT CHANGES;
INSERT INTO r (ROWTIME, id, w) VALUES (1, 'X', 'one');
INSERT INTO l (ROWTIME, id, fk, v) VALUES (2, 'a', 'x', 1);
INSERT INTO l (ROWTIME, id, fk, v) VALUES (3, 'b', 'X', 2);
INSERT INTO l (ROWTIME, id, fk, v) VALUES (4, 'a', 'x', 5);
INSERT INTO r (ROWTIME, id, w) VALUES (5, 'Y', 'two');
INSERT INTO l (ROWTIME, id, fk, v) VALUES (6, 'b', 'y', 7);
INSERT INTO l (ROWTIME, id, fk, v) VALUES (7, 'a', 'x', 0);
ASSERT VALUES per_w (rowtime, w, total, n) VALUES (2, 'one', 1, 1);
ASSERT VALUES per_w (rowtime, w, total, n) VALUES (3, 'one', 3, 2);
ASSERT VALUES per_w (rowtime, w, total, n) VALUES (4, 'one', 7, 2);
ASSERT VALUES per_w (rowtime, w, total, n) VALUES (6, 'one', 5, 1);
ASSERT VALUES per_w (rowtime, w, total, n) VALUES (6, 'two', 7, 1);
ASSERT VALUES per_w (rowtime, w, total, n) VALUES (7, 'one', 0, 0);

--@test: the key of the left table has two columns
CREATE TABLE l (a INT PRIMARY KEY, b STRING PRIMARY KEY, fk STRING) WITH (KAFKA_TOPIC = 'l', FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE r (id STRING PRIMARY KEY, w INT) WITH (KAFKA_TOPIC = 'r', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE o AS SELECT l.a AS a, l.b AS b, w FROM l JOIN r ON l.fk = r.id EMIT CHANGES;
INSERT INTO r (ROWTIME, id, w) VALUES (1, 'x', 10);
INSERT INTO l (ROWTIME, a, b, fk) VALUES (2, 1, 'p', 'x');
INSERT INTO l (ROWTIME, a, b, fk) VALUES (3, 2, 'q', 'x');
INSERT INTO l (ROWTIME, a, b, fk) VALUES (4, 3, 'r', 'x');
INSERT INTO l (ROWTIME, a, b, fk) VALUES (5, 4, 's', 'x');
ASSERT VALUES o (rowtime, a, b, w) VALUES (2, 1, 'p', 10);
ASSERT VALUES o (rowtime, a, b, w) VALUES (3, 2, 'q', 10);
ASSERT VALUES o (rowtime, a, b, w) VALUES (4, 3, 'r', 10);
ASSERT VALUES o (rowtime, a, b, w) VALUES (5, 4, 's', 10);

--@test: several steps, by foreign key and by key
CREATE TABLE l (id STRING PRIMARY KEY, fk STRING, v INT) WITH (KAFKA_TOPIC = 'l', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE r (id STRING PRIMARY KEY, next STRING) WITH (KAFKA_TOPIC = 'r', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE s (id STRING PRIMARY KEY, w INT) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE m (id STRING PRIMARY KEY, x INT) WITH (KAFKA_TOPIC = 'm', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE chain AS SELECT l.id AS id, v, w FROM l JOIN r ON l.fk = r.id JOIN s ON r.next = s.id EMIT CHANGES;
CREATE TABLE back AS SELECT l.id AS id, v, x, w FROM l LEFT JOIN r ON l.fk = r.id JOIN m ON l.id = m.id LEFT JOIN s ON r.next = s.id EMIT CHANGES;
CREATE TABLE outer_first AS SELECT ROWKEY AS id, v, x, next FROM l FULL OUTER JOIN m ON l.id = m.id LEFT JOIN r ON l.fk = r.id EMIT CHANGES;
INSERT INTO s (ROWTIME, id, w) VALUES (1, 'z', 100);
INSERT INTO r (ROWTIME, id, next) VALUES (2, 'x', 'z');
INSERT INTO l (ROWTIME, id, fk, v) VALUES (3, 'a', 'x', 1);
INSERT INTO m (ROWTIME, id, x) VALUES (4, 'a', 7);
INSERT INTO s (ROWTIME, id, w) VALUES (5, 'z', 200);
INSERT INTO m (ROWTIME, id, x) VALUES (6, 'b', 8);
ASSERT VALUES chain (rowtime, id, v, w) VALUES (3, 'a', 1, 100);
ASSERT VALUES chain (rowtime, id, v, w) VALUES (5, 'a', 1, 200);
ASSERT VALUES back (rowtime, id, v, x, w) VALUES (4, 'a', 1, 7, 100);
ASSERT VALUES back (rowtime, id, v, x, w) VALUES (5, 'a', 1, 7, 200);
ASSERT VALUES outer_first (rowtime, id, v, x, next) VALUES (3, 'a', 1, NULL, 'z');
ASSERT VALUES outer_first (rowtime, id, v, x, next) VALUES (4, 'a', 1, 7, 'z');
ASSERT VALUES outer_first (rowtime, id, v, x, next) VALUES (6, 'b', NULL, 8, NULL);
