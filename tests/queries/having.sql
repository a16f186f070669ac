--@test: a group that stops matching leaves the table
CREATE STREAM hits (page STRING KEY, v INT) WITH (KAFKA_TOPIC = 'hits', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE pairs AS SELECT page, COUNT(*) AS n FROM hits GROUP BY page HAVING COUNT(*) = 2 EMIT CHANGES;
INSERT INTO hits (ROWTIME, page, v) VALUES (1, 'a', 1);
INSERT INTO hits (ROWTIME, page, v) VALUES (2, 'b', 1);
INSERT INTO hits (ROWTIME, page, v) VALUES (3, 'a', 1);
INSERT INTO hits (ROWTIME, page, v) VALUES (4, 'a', 1);
INSERT INTO hits (ROWTIME, page, v) VALUES (5, 'b', 1);
ASSERT VALUES pairs (rowtime, page, n) VALUES (3, 'a', 2);
ASSERT NULL VALUES pairs (rowtime, page) KEY (4, 'a');
ASSERT VALUES pairs (rowtime, page, n) VALUES (5, 'b', 2);

--@test: HAVING over an aggregate that is not selected
CREATE STREAM bids (item STRING KEY, price INT) WITH (KAFKA_TOPIC = 'bids', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE hot AS SELECT item, MAX(price) AS top FROM bids GROUP BY item HAVING SUM(price) > 10 EMIT CHANGES;
INSERT INTO bids (ROWTIME, item, price) VALUES (1, 'x', 7);
INSERT INTO bids (ROWTIME, item, price) VALUES (2, 'y', 20);
INSERT INTO bids (ROWTIME, item, price) VALUES (3, 'x', 5);
ASSERT VALUES hot (rowtime, item, top) VALUES (2, 'y', 20);
ASSERT VALUES hot (rowtime, item, top) VALUES (3, 'x', 7);
