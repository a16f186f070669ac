--@test: a count for each window
CREATE STREAM pings (host STRING KEY, ms INT) WITH (KAFKA_TOPIC = 'pings', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE per_window AS
    SELECT host, COUNT(*) AS n, SUM(ms) AS ms FROM pings WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY host EMIT CHANGES;
INSERT INTO pings (ROWTIME, host, ms) VALUES (0, 'a', 1);
INSERT INTO pings (ROWTIME, host, ms) VALUES (9999, 'a', 2);
INSERT INTO pings (ROWTIME, host, ms) VALUES (10000, 'a', 4);
INSERT INTO pings (ROWTIME, host, ms) VALUES (10001, 'b', 8);
INSERT INTO pings (ROWTIME, host, ms) VALUES (5000, 'a', 16);
INSERT INTO pings (ROWTIME, host, ms) VALUES (25000, 'b', 32);
ASSERT VALUES per_window (rowtime, windowstart, windowend, host, n, ms) VALUES (0, 0, 10000, 'a', 1, 1);
ASSERT VALUES per_window (rowtime, windowstart, windowend, host, n, ms) VALUES (9999, 0, 10000, 'a', 2, 3);
ASSERT VALUES per_window (rowtime, windowstart, windowend, host, n, ms) VALUES (10000, 10000, 20000, 'a', 1, 4);
ASSERT VALUES per_window (rowtime, windowstart, windowend, host, n, ms) VALUES (10001, 10000, 20000, 'b', 1, 8);
ASSERT VALUES per_window (rowtime, windowstart, windowend, host, n, ms) VALUES (9999, 0, 10000, 'a', 3, 19);
ASSERT VALUES per_window (rowtime, windowstart, windowend, host, n, ms) VALUES (25000, 20000, 30000, 'b', 1, 32);

--@test: grace lets late rows in, and no later ones
--@partitions: 1
CREATE STREAM late (host STRING KEY, v INT) WITH (KAFKA_TOPIC = 'late', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE kept AS
    SELECT host, COUNT(*) AS n FROM late WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY host EMIT CHANGES;
INSERT INTO late (ROWTIME, host, v) VALUES (1000, 'a', 1);
INSERT INTO late (ROWTIME, host, v) VALUES (14999, 'a', 1);
INSERT INTO late (ROWTIME, host, v) VALUES (2000, 'a', 1);
INSERT INTO late (ROWTIME, host, v) VALUES (15000, 'a', 1);
INSERT INTO late (ROWTIME, host, v) VALUES (3000, 'a', 1);
ASSERT VALUES kept (rowtime, windowstart, windowend, host, n) VALUES (1000, 0, 10000, 'a', 1);
ASSERT VALUES kept (rowtime, windowstart, windowend, host, n) VALUES (14999, 10000, 20000, 'a', 1);
ASSERT VALUES kept (rowtime, windowstart, windowend, host, n) VALUES (2000, 0, 10000, 'a', 2);
ASSERT VALUES kept (rowtime, windowstart, windowend, host, n) VALUES (15000, 10000, 20000, 'a', 2);

--@test: the bounds of the window as columns
CREATE STREAM w (k STRING KEY, v INT) WITH (KAFKA_TOPIC = 'w', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE bounds AS
    SELECT k, WINDOWSTART AS s, WINDOWEND AS e, COUNT(*) AS n FROM w WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY k EMIT CHANGES;
INSERT INTO w (ROWTIME, k, v) VALUES (61000, 'x', 1);
INSERT INTO w (ROWTIME, k, v) VALUES (119999, 'x', 1);
INSERT INTO w (ROWTIME, k, v) VALUES (120000, 'x', 1);
ASSERT VALUES bounds (rowtime, windowstart, windowend, k, s, e, n) VALUES (61000, 60000, 120000, 'x', 60000, 120000, 1);
ASSERT VALUES bounds (rowtime, windowstart, windowend, k, s, e, n) VALUES (119999, 60000, 120000, 'x', 60000, 120000, 2);
ASSERT VALUES bounds (rowtime, windowstart, windowend, k, s, e, n) VALUES (120000, 120000, 180000, 'x', 120000, 180000, 1);
