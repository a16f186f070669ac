--@test: fields, elements and entries
CREATE STREAM n (id INT KEY, addr STRUCT<city STRING, zip INT>, tags ARRAY<STRING>, attrs MAP<STRING, INT>)
    WITH (KAFKA_TOPIC = 'n', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM flat AS
    SELECT id, addr->city AS city, tags[1] AS first_tag, tags[-1] AS last_tag, tags[9] AS none, attrs['a'] AS a
    FROM n EMIT CHANGES;
INSERT INTO n (ROWTIME, id, addr, tags, attrs) VALUES (1, 1, STRUCT(city := 'Oslo', zip := 150), ARRAY['x', 'y'], MAP('a' := 1, 'b' := 2));
INSERT INTO n (ROWTIME, id, addr, tags, attrs) VALUES (2, 2, NULL, ARRAY['z'], MAP('b' := 2));
ASSERT VALUES flat (rowtime, id, city, first_tag, last_tag, none, a) VALUES (1, 1, 'Oslo', 'x', 'y', NULL, 1);
ASSERT VALUES flat (rowtime, id, city, first_tag, last_tag, none, a) VALUES (2, 2, NULL, 'z', 'z', NULL, NULL);

--@test: values are built
CREATE STREAM p (id INT KEY, a INT, b INT) WITH (KAFKA_TOPIC = 'p', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM built AS
    SELECT id, STRUCT(lo := a, hi := b) AS pair, ARRAY[a, b, a + b] AS items, MAP('a' := a, 'b' := b) AS dict FROM p EMIT CHANGES;
INSERT INTO p (ROWTIME, id, a, b) VALUES (1, 1, 3, 4);
INSERT INTO p (ROWTIME, id, a, b) VALUES (2, 2, NULL, 5);
ASSERT VALUES built (rowtime, id, pair, items, dict) VALUES (1, 1, STRUCT(LO := 3, HI := 4), ARRAY[3, 4, 7], MAP('a' := 3, 'b' := 4));
ASSERT VALUES built (rowtime, id, pair, items, dict) VALUES (2, 2, STRUCT(LO := CAST(NULL AS INTEGER), HI := 5), ARRAY[NULL, 5, NULL], MAP('a' := CAST(NULL AS INTEGER), 'b' := 5));

--@test: lambdas
CREATE STREAM l (id INT KEY, xs ARRAY<INT>) WITH (KAFKA_TOPIC = 'l', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM mapped AS
    SELECT id, TRANSFORM(xs, x => x * 2) AS doubled, FILTER(xs, x => x > 1) AS big, REDUCE(xs, 0, (s, x) => s + x) AS total
    FROM l EMIT CHANGES;
INSERT INTO l (ROWTIME, id, xs) VALUES (1, 1, ARRAY[1, 2, 3]);
INSERT INTO l (ROWTIME, id, xs) VALUES (2, 2, ARRAY[5]);
ASSERT VALUES mapped (rowtime, id, doubled, big, total) VALUES (1, 1, ARRAY[2, 4, 6], ARRAY[2, 3], 6);
ASSERT VALUES mapped (rowtime, id, doubled, big, total) VALUES (2, 2, ARRAY[10], ARRAY[5], 5);
