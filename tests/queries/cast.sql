--@test: what does not fit a type is NULL
CREATE STREAM raw (id INT KEY, txt STRING) WITH (KAFKA_TOPIC = 'raw', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM typed AS
    SELECT id, CAST(txt AS INT) AS i, CAST(txt AS DOUBLE) AS d, CAST(txt AS DECIMAL(4, 1)) AS dec, CAST(txt AS BOOLEAN) AS b
    FROM raw EMIT CHANGES;
INSERT INTO raw (ROWTIME, id, txt) VALUES (1, 1, '12');
INSERT INTO raw (ROWTIME, id, txt) VALUES (2, 2, '12.34');
INSERT INTO raw (ROWTIME, id, txt) VALUES (3, 3, 'true');
INSERT INTO raw (ROWTIME, id, txt) VALUES (4, 4, NULL);
ASSERT VALUES typed (rowtime, id, i, d, dec, b) VALUES (1, 1, 12, 12.0, 12.0, false);
ASSERT VALUES typed (rowtime, id, i, d, dec, b) VALUES (2, 2, NULL, 12.34, 12.3, false);
ASSERT VALUES typed (rowtime, id, i, d, dec, b) VALUES (3, 3, NULL, NULL, NULL, true);
ASSERT VALUES typed (rowtime, id, i, d, dec, b) VALUES (4, 4, NULL, NULL, NULL, NULL);

--@test: numbers to texts and to each other
CREATE STREAM nums (id INT KEY, i INT, d DOUBLE) WITH (KAFKA_TOPIC = 'nums', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM texts AS
    SELECT id, CAST(i AS STRING) AS it, CAST(d AS STRING) AS dt, CAST(d AS INT) AS di, CAST(i AS BIGINT) * 3000000000 AS big
    FROM nums EMIT CHANGES;
INSERT INTO nums (ROWTIME, id, i, d) VALUES (1, 1, 7, 2.9);
INSERT INTO nums (ROWTIME, id, i, d) VALUES (2, 2, -1, -2.9);
ASSERT VALUES texts (rowtime, id, it, dt, di, big) VALUES (1, 1, '7', '2.9', 2, 21000000000);
ASSERT VALUES texts (rowtime, id, it, dt, di, big) VALUES (2, 2, '-1', '-2.9', -2, -3000000000);
