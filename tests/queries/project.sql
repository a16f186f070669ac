--@test: arithmetic, texts and names of columns
CREATE STREAM orders (id STRING KEY, item STRING, qty INT, price DOUBLE)
    WITH (KAFKA_TOPIC = 'orders', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM totals AS
    SELECT id, UCASE(item) AS item, qty * price AS total, qty / 2 AS half, qty % 2 AS odd, qty + 1
    FROM orders EMIT CHANGES;
INSERT INTO orders (ROWTIME, id, item, qty, price) VALUES (1, 'o1', 'pen', 3, 1.5);
INSERT INTO orders (ROWTIME, id, item, qty, price) VALUES (2, 'o2', NULL, -5, 2.0);
INSERT INTO orders (ROWTIME, id, item, qty, price) VALUES (3, 'o1', 'ink', NULL, 2.0);
ASSERT VALUES totals (rowtime, id, item, total, half, odd, ksql_col_0) VALUES (1, 'o1', 'PEN', 4.5, 1, 1, 4);
ASSERT VALUES totals (rowtime, id, item, total, half, odd, ksql_col_0) VALUES (2, 'o2', NULL, -10.0, -2, -1, -4);
ASSERT VALUES totals (rowtime, id, item, total, half, odd, ksql_col_0) VALUES (3, 'o1', 'INK', NULL, NULL, NULL, NULL);

--@test: the key copied, the time as a value
CREATE STREAM s (id STRING KEY, v INT) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM t AS SELECT id, AS_VALUE(id) AS copy, ROWTIME AS seen, v FROM s EMIT CHANGES;
INSERT INTO s (ROWTIME, id, v) VALUES (17, 'a', 1);
INSERT INTO s (ROWTIME, id, v) VALUES (16, 'b', 2);
ASSERT VALUES t (rowtime, id, copy, seen, v) VALUES (17, 'a', 'a', 17, 1);
ASSERT VALUES t (rowtime, id, copy, seen, v) VALUES (16, 'b', 'b', 16, 2);

--@test: a failing column is NULL, the others are not
CREATE STREAM d (id STRING KEY, a INT, b INT) WITH (KAFKA_TOPIC = 'd', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM q AS SELECT id, a / b AS quotient, a + b AS total FROM d EMIT CHANGES;
INSERT INTO d (ROWTIME, id, a, b) VALUES (1, 'x', 7, 2);
INSERT INTO d (ROWTIME, id, a, b) VALUES (2, 'y', 7, 0);
ASSERT VALUES q (rowtime, id, quotient, total) VALUES (1, 'x', 3, 9);
ASSERT VALUES q (rowtime, id, quotient, total) VALUES (2, 'y', NULL, 7);
