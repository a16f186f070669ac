--@test: the first condition that is true counts
CREATE STREAM temps (place STRING KEY, c DOUBLE)
    WITH (KAFKA_TOPIC = 'temps', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM named AS
    SELECT place,
        CASE WHEN c < 0 THEN 'frost' WHEN c < 15 THEN 'cool' WHEN c >= 30 THEN 'hot' ELSE 'mild' END AS word,
        CASE WHEN c > 0 THEN 1 END AS thaw
    FROM temps EMIT CHANGES;
INSERT INTO temps (ROWTIME, place, c) VALUES (1, 'a', -3.0);
INSERT INTO temps (ROWTIME, place, c) VALUES (2, 'b', 14.9);
INSERT INTO temps (ROWTIME, place, c) VALUES (3, 'a', 20.0);
INSERT INTO temps (ROWTIME, place, c) VALUES (4, 'b', 31.5);
INSERT INTO temps (ROWTIME, place, c) VALUES (5, 'c', NULL);
ASSERT VALUES named (rowtime, place, word, thaw) VALUES (1, 'a', 'frost', NULL);
ASSERT VALUES named (rowtime, place, word, thaw) VALUES (2, 'b', 'cool', 1);
ASSERT VALUES named (rowtime, place, word, thaw) VALUES (3, 'a', 'mild', 1);
ASSERT VALUES named (rowtime, place, word, thaw) VALUES (4, 'b', 'hot', 1);
ASSERT VALUES named (rowtime, place, word, thaw) VALUES (5, 'c', 'mild', NULL);

--@test: COALESCE, IFNULL and NULLIF
CREATE STREAM n (id INT KEY, a STRING, b STRING) WITH (KAFKA_TOPIC = 'n', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM m AS SELECT id, COALESCE(a, b, '?') AS one, IFNULL(a, 'none') AS two, NULLIF(a, b) AS three FROM n EMIT CHANGES;
INSERT INTO n (ROWTIME, id, a, b) VALUES (1, 1, 'x', 'y');
INSERT INTO n (ROWTIME, id, a, b) VALUES (2, 2, NULL, 'y');
INSERT INTO n (ROWTIME, id, a, b) VALUES (3, 3, NULL, NULL);
INSERT INTO n (ROWTIME, id, a, b) VALUES (4, 4, 'z', 'z');
ASSERT VALUES m (rowtime, id, one, two, three) VALUES (1, 1, 'x', 'x', 'x');
ASSERT VALUES m (rowtime, id, one, two, three) VALUES (2, 2, 'y', 'none', NULL);
ASSERT VALUES m (rowtime, id, one, two, three) VALUES (3, 3, '?', 'none', NULL);
ASSERT VALUES m (rowtime, id, one, two, three) VALUES (4, 4, 'z', 'z', NULL);
