--@test: the usual aggregates, by the key
CREATE STREAM sales (shop STRING KEY, amount INT, rate DOUBLE)
    WITH (KAFKA_TOPIC = 'sales', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE sums AS
    SELECT shop, COUNT(*) AS n, COUNT(amount) AS known, SUM(amount) AS total, AVG(amount) AS mean, MIN(amount) AS lo, MAX(rate) AS hi
    FROM sales GROUP BY shop EMIT CHANGES;
INSERT INTO sales (ROWTIME, shop, amount, rate) VALUES (1, 'a', 5, 0.5);
INSERT INTO sales (ROWTIME, shop, amount, rate) VALUES (2, 'b', 1, 0.1);
INSERT INTO sales (ROWTIME, shop, amount, rate) VALUES (3, 'a', 3, 0.9);
INSERT INTO sales (ROWTIME, shop, amount, rate) VALUES (4, 'a', NULL, NULL);
INSERT INTO sales (ROWTIME, shop, amount, rate) VALUES (5, NULL, 9, 0.2);
INSERT INTO sales (ROWTIME, shop, amount, rate) VALUES (6, 'b', 2, 0.3);
ASSERT VALUES sums (rowtime, shop, n, known, total, mean, lo, hi) VALUES (1, 'a', 1, 1, 5, 5.0, 5, 0.5);
ASSERT VALUES sums (rowtime, shop, n, known, total, mean, lo, hi) VALUES (2, 'b', 1, 1, 1, 1.0, 1, 0.1);
ASSERT VALUES sums (rowtime, shop, n, known, total, mean, lo, hi) VALUES (3, 'a', 2, 2, 8, 4.0, 3, 0.9);
ASSERT VALUES sums (rowtime, shop, n, known, total, mean, lo, hi) VALUES (4, 'a', 3, 2, 8, 4.0, 3, 0.9);
ASSERT VALUES sums (rowtime, shop, n, known, total, mean, lo, hi) VALUES (6, 'b', 2, 2, 3, 1.5, 1, 0.3);

--@test: by a value column, which moves the rows
CREATE STREAM trips (id INT KEY, city STRING, km INT)
    WITH (KAFKA_TOPIC = 'trips', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE per_city AS SELECT city, COUNT(*) AS trips, SUM(km) AS km FROM trips WHERE km > 0 GROUP BY city EMIT CHANGES;
INSERT INTO trips (ROWTIME, id, city, km) VALUES (1, 1, 'Rome', 4);
INSERT INTO trips (ROWTIME, id, city, km) VALUES (2, 2, 'Oslo', 5);
INSERT INTO trips (ROWTIME, id, city, km) VALUES (3, 3, 'Rome', 6);
INSERT INTO trips (ROWTIME, id, city, km) VALUES (4, 4, 'Rome', 0);
INSERT INTO trips (ROWTIME, id, city, km) VALUES (5, 5, NULL, 8);
ASSERT VALUES per_city (rowtime, city, trips, km) VALUES (1, 'Rome', 1, 4);
ASSERT VALUES per_city (rowtime, city, trips, km) VALUES (2, 'Oslo', 1, 5);
ASSERT VALUES per_city (rowtime, city, trips, km) VALUES (3, 'Rome', 2, 10);

--@test: by expressions and by several columns
CREATE STREAM logs (id INT KEY, host STRING, code INT)
    WITH (KAFKA_TOPIC = 'logs', KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE per_host AS
    SELECT host, code / 100 AS class, COUNT(*) AS n FROM logs GROUP BY host, code / 100 EMIT CHANGES;
INSERT INTO logs (ROWTIME, id, host, code) VALUES (1, 1, 'h1', 200);
INSERT INTO logs (ROWTIME, id, host, code) VALUES (2, 2, 'h1', 404);
INSERT INTO logs (ROWTIME, id, host, code) VALUES (3, 3, 'h2', 201);
INSERT INTO logs (ROWTIME, id, host, code) VALUES (4, 4, 'h1', 202);
ASSERT VALUES per_host (rowtime, host, class, n) VALUES (1, 'h1', 2, 1);
ASSERT VALUES per_host (rowtime, host, class, n) VALUES (2, 'h1', 4, 1);
ASSERT VALUES per_host (rowtime, host, class, n) VALUES (3, 'h2', 2, 1);
ASSERT VALUES per_host (rowtime, host, class, n) VALUES (4, 'h1', 2, 2);

--@test: a sum that does not fit leaves its record out, and nothing else
CREATE STREAM bills (shop STRING KEY, amount DECIMAL(4, 2))
    WITH (KAFKA_TOPIC = 'bills', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE owed AS SELECT shop, SUM(amount) AS total, COUNT(*) AS n FROM bills GROUP BY shop EMIT CHANGES;
INSERT INTO bills (ROWTIME, shop, amount) VALUES (1, 'a', 99.00);
INSERT INTO bills (ROWTIME, shop, amount) VALUES (2, 'a', 1.00);
INSERT INTO bills (ROWTIME, shop, amount) VALUES (3, 'a', -2.50);
ASSERT VALUES owed (rowtime, shop, total, n) VALUES (1, 'a', 99.00, 1);
ASSERT VALUES owed (rowtime, shop, total, n) VALUES (2, 'a', 99.00, 2);
ASSERT VALUES owed (rowtime, shop, total, n) VALUES (3, 'a', 96.50, 3);
