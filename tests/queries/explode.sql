--@test: a row for each element
CREATE STREAM carts (id STRING KEY, items ARRAY<STRING>, counts ARRAY<INT>)
    WITH (KAFKA_TOPIC = 'carts', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM lines AS SELECT id, EXPLODE(items) AS item, EXPLODE(counts) AS n FROM carts EMIT CHANGES;
INSERT INTO carts (ROWTIME, id, items, counts) VALUES (1, 'c1', ARRAY['a', 'b'], ARRAY[1, 2]);
INSERT INTO carts (ROWTIME, id, items, counts) VALUES (2, 'c2', ARRAY['c'], ARRAY[3, 4]);
INSERT INTO carts (ROWTIME, id, items, counts) VALUES (3, 'c3', NULL, NULL);
ASSERT VALUES lines (rowtime, id, item, n) VALUES (1, 'c1', 'a', 1);
ASSERT VALUES lines (rowtime, id, item, n) VALUES (1, 'c1', 'b', 2);
ASSERT VALUES lines (rowtime, id, item, n) VALUES (2, 'c2', 'c', 3);
ASSERT VALUES lines (rowtime, id, item, n) VALUES (2, 'c2', NULL, 4);
