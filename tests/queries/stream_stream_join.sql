--@test: pairs within a distance of time
CREATE STREAM ads (id STRING KEY, ad STRING) WITH (KAFKA_TOPIC = 'ads', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM buys (id STRING KEY, sum INT) WITH (KAFKA_TOPIC = 'buys', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM pairs AS
    SELECT a.id AS id, a.ad AS ad, b.sum AS sum FROM ads a JOIN buys b WITHIN 10 SECONDS ON a.id = b.id EMIT CHANGES;
INSERT INTO ads (ROWTIME, id, ad) VALUES (1000, 'x', 'ad1');
INSERT INTO buys (ROWTIME, id, sum) VALUES (5000, 'x', 1);
INSERT INTO ads (ROWTIME, id, ad) VALUES (11000, 'x', 'ad2');
INSERT INTO buys (ROWTIME, id, sum) VALUES (11000, 'x', 2);
INSERT INTO buys (ROWTIME, id, sum) VALUES (12000, 'y', 3);
INSERT INTO ads (ROWTIME, id, ad) VALUES (30000, 'y', 'ad3');
ASSERT VALUES pairs (rowtime, id, ad, sum) VALUES (5000, 'x', 'ad1', 1);
ASSERT VALUES pairs (rowtime, id, ad, sum) VALUES (11000, 'x', 'ad2', 1);
ASSERT VALUES pairs (rowtime, id, ad, sum) VALUES (11000, 'x', 'ad1', 2);
ASSERT VALUES pairs (rowtime, id, ad, sum) VALUES (11000, 'x', 'ad2', 2);

--@test: rows without a partner wait until their window is over
--@partitions: 1
CREATE STREAM l (id STRING KEY, v INT) WITH (KAFKA_TOPIC = 'l', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM r (id STRING KEY, w INT) WITH (KAFKA_TOPIC = 'r', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM lefts AS
    SELECT l.id AS id, l.v AS v, r.w AS w FROM l LEFT JOIN r WITHIN 10 SECONDS GRACE PERIOD 1 SECOND ON l.id = r.id EMIT CHANGES;
INSERT INTO l (ROWTIME, id, v) VALUES (1000, 'a', 1);
INSERT INTO l (ROWTIME, id, v) VALUES (2000, 'b', 2);
INSERT INTO r (ROWTIME, id, w) VALUES (3000, 'b', 20);
INSERT INTO r (ROWTIME, id, w) VALUES (60000, 'c', 30);
ASSERT VALUES lefts (rowtime, id, v, w) VALUES (3000, 'b', 2, 20);
ASSERT VALUES lefts (rowtime, id, v, w) VALUES (1000, 'a', 1, NULL);

--@test: full outer
--@partitions: 1
CREATE STREAM l (id STRING KEY, v INT) WITH (KAFKA_TOPIC = 'l', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM r (id STRING KEY, w INT) WITH (KAFKA_TOPIC = 'r', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM both_sides AS
    SELECT ROWKEY AS id, l.v AS v, r.w AS w FROM l FULL OUTER JOIN r WITHIN 5 SECONDS GRACE PERIOD 0 SECONDS ON l.id = r.id EMIT CHANGES;
INSERT INTO l (ROWTIME, id, v) VALUES (1000, 'a', 1);
INSERT INTO r (ROWTIME, id, w) VALUES (2000, 'b', 2);
INSERT INTO l (ROWTIME, id, v) VALUES (3000, 'b', 3);
INSERT INTO r (ROWTIME, id, w) VALUES (20000, 'z', 9);
INSERT INTO l (ROWTIME, id, v) VALUES (40000, 'z', 8);
ASSERT VALUES both_sides (rowtime, id, v, w) VALUES (3000, 'b', 3, 2);
ASSERT VALUES both_sides (rowtime, id, v, w) VALUES (1000, 'a', 1, NULL);
ASSERT VALUES both_sides (rowtime, id, v, w) VALUES (20000, 'z', NULL, 9);
