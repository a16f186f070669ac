--@test: a windowed count of joined rows
CREATE STREAM clicks (id INT KEY, ad STRING) WITH (KAFKA_TOPIC = 'clicks', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE ads (ad STRING PRIMARY KEY, campaign STRING) WITH (KAFKA_TOPIC = 'ads', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM named AS SELECT c.ad AS ad, a.campaign AS campaign FROM clicks c JOIN ads a ON c.ad = a.ad EMIT CHANGES;
CREATE TABLE per_campaign AS
    SELECT campaign, COUNT(*) AS n FROM named WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY campaign EMIT CHANGES;
INSERT INTO ads (ROWTIME, ad, campaign) VALUES (1, 'x', 'spring');
INSERT INTO ads (ROWTIME, ad, campaign) VALUES (2, 'y', 'spring');
INSERT INTO ads (ROWTIME, ad, campaign) VALUES (3, 'z', 'summer');
INSERT INTO clicks (ROWTIME, id, ad) VALUES (1000, 1, 'x');
INSERT INTO clicks (ROWTIME, id, ad) VALUES (2000, 2, 'y');
INSERT INTO clicks (ROWTIME, id, ad) VALUES (3000, 3, 'z');
INSERT INTO clicks (ROWTIME, id, ad) VALUES (11000, 4, 'x');
INSERT INTO clicks (ROWTIME, id, ad) VALUES (12000, 5, 'none');
ASSERT VALUES named (rowtime, ad, campaign) VALUES (1000, 'x', 'spring');
ASSERT VALUES named (rowtime, ad, campaign) VALUES (2000, 'y', 'spring');
ASSERT VALUES named (rowtime, ad, campaign) VALUES (3000, 'z', 'summer');
ASSERT VALUES named (rowtime, ad, campaign) VALUES (11000, 'x', 'spring');
ASSERT VALUES per_campaign (rowtime, windowstart, windowend, campaign, n) VALUES (1000, 0, 10000, 'spring', 1);
ASSERT VALUES per_campaign (rowtime, windowstart, windowend, campaign, n) VALUES (2000, 0, 10000, 'spring', 2);
ASSERT VALUES per_campaign (rowtime, windowstart, windowend, campaign, n) VALUES (3000, 0, 10000, 'summer', 1);
ASSERT VALUES per_campaign (rowtime, windowstart, windowend, campaign, n) VALUES (11000, 10000, 20000, 'spring', 1);
