--@test: each window once, when it is closed
--@partitions: 1
CREATE STREAM f (k STRING KEY, v INT) WITH (KAFKA_TOPIC = 'f', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE closed AS SELECT k, COUNT(*) AS n FROM f WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k EMIT FINAL;
INSERT INTO f (ROWTIME, k, v) VALUES (1000, 'a', 1);
INSERT INTO f (ROWTIME, k, v) VALUES (2000, 'b', 1);
INSERT INTO f (ROWTIME, k, v) VALUES (9000, 'a', 1);
INSERT INTO f (ROWTIME, k, v) VALUES (10000, 'a', 1);
INSERT INTO f (ROWTIME, k, v) VALUES (21000, 'b', 1);
ASSERT VALUES closed (rowtime, windowstart, windowend, k, n) VALUES (9000, 0, 10000, 'a', 2);
ASSERT VALUES closed (rowtime, windowstart, windowend, k, n) VALUES (2000, 0, 10000, 'b', 1);
ASSERT VALUES closed (rowtime, windowstart, windowend, k, n) VALUES (10000, 10000, 20000, 'a', 1);
