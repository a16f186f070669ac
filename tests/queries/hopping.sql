--@test: a row falls into several windows
CREATE STREAM beats (dev STRING KEY, v INT) WITH (KAFKA_TOPIC = 'beats', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE rates AS
    SELECT dev, COUNT(*) AS n, MAX(v) AS top FROM beats WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 5 SECONDS) GROUP BY dev EMIT CHANGES;
INSERT INTO beats (ROWTIME, dev, v) VALUES (1000, 'a', 1);
INSERT INTO beats (ROWTIME, dev, v) VALUES (6000, 'a', 5);
INSERT INTO beats (ROWTIME, dev, v) VALUES (12000, 'b', 2);
INSERT INTO beats (ROWTIME, dev, v) VALUES (12000, 'a', 3);
ASSERT VALUES rates (rowtime, windowstart, windowend, dev, n, top) VALUES (1000, 0, 10000, 'a', 1, 1);
ASSERT VALUES rates (rowtime, windowstart, windowend, dev, n, top) VALUES (6000, 0, 10000, 'a', 2, 5);
ASSERT VALUES rates (rowtime, windowstart, windowend, dev, n, top) VALUES (6000, 5000, 15000, 'a', 1, 5);
ASSERT VALUES rates (rowtime, windowstart, windowend, dev, n, top) VALUES (12000, 5000, 15000, 'b', 1, 2);
ASSERT VALUES rates (rowtime, windowstart, windowend, dev, n, top) VALUES (12000, 10000, 20000, 'b', 1, 2);
ASSERT VALUES rates (rowtime, windowstart, windowend, dev, n, top) VALUES (12000, 5000, 15000, 'a', 2, 5);
ASSERT VALUES rates (rowtime, windowstart, windowend, dev, n, top) VALUES (12000, 10000, 20000, 'a', 1, 3);
