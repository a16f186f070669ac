--@test: DELIMITED in, JSON out
CREATE STREAM csv (id BIGINT KEY, name STRING, price DECIMAL(6, 2), ok BOOLEAN)
    WITH (KAFKA_TOPIC = 'csv', VALUE_FORMAT = 'DELIMITED', VALUE_DELIMITER = ';', PARTITIONS = 1);
CREATE STREAM js WITH (VALUE_FORMAT = 'JSON') AS SELECT id, name, price * 2 AS twice, ok FROM csv EMIT CHANGES;
CREATE STREAM back WITH (VALUE_FORMAT = 'DELIMITED') AS SELECT id, name, ok FROM js EMIT CHANGES;
INSERT INTO csv (ROWTIME, id, name, price, ok) VALUES (1, 9000000000, 'a;b', 1.25, true);
INSERT INTO csv (ROWTIME, id, name, price, ok) VALUES (2, 2, 'say "x"', 100.00, false);
ASSERT VALUES js (rowtime, id, name, twice, ok) VALUES (1, 9000000000, 'a;b', 2.50, true);
ASSERT VALUES js (rowtime, id, name, twice, ok) VALUES (2, 2, 'say "x"', 200.00, false);
ASSERT VALUES back (rowtime, id, name, ok) VALUES (1, 9000000000, 'a;b', true);
ASSERT VALUES back (rowtime, id, name, ok) VALUES (2, 2, 'say "x"', false);

--@test: dates and times
CREATE STREAM ev (id INT KEY, d DATE, t TIME, ts TIMESTAMP, raw BYTES)
    WITH (KAFKA_TOPIC = 'ev', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM shown AS
    SELECT id, d, t, ts, FORMAT_TIMESTAMP(ts, 'yyyy-MM-dd HH:mm') AS txt, FROM_BYTES(raw, 'utf8') AS str FROM ev EMIT CHANGES;
INSERT INTO ev (ROWTIME, id, d, t, ts, raw) VALUES (1, 1, '2024-02-29', '12:30:00', '2024-02-29T12:30:00', TO_BYTES('hi', 'utf8'));
INSERT INTO ev (ROWTIME, id, d, t, ts, raw) VALUES (2, 2, NULL, NULL, NULL, NULL);
ASSERT VALUES shown (rowtime, id, d, t, ts, txt, str) VALUES (1, 1, '2024-02-29', '12:30:00', '2024-02-29T12:30:00', '2024-02-29 12:30', 'hi');
ASSERT VALUES shown (rowtime, id, d, t, ts, txt, str) VALUES (2, 2, NULL, NULL, NULL, NULL, NULL);
