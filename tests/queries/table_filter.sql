--@test: a row that stops matching becomes a tombstone
CREATE TABLE users (id STRING PRIMARY KEY, age INT) WITH (KAFKA_TOPIC = 'users', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE adults AS SELECT id, age, age - 18 AS since FROM users WHERE age >= 18 EMIT CHANGES;
INSERT INTO users (ROWTIME, id, age) VALUES (1, 'ada', 17);
INSERT INTO users (ROWTIME, id, age) VALUES (2, 'bob', 40);
INSERT INTO users (ROWTIME, id, age) VALUES (3, 'ada', 18);
INSERT INTO users (ROWTIME, id, age) VALUES (4, 'bob', 4);
INSERT INTO users (ROWTIME, id, age) VALUES (5, 'ada', 19);
ASSERT VALUES adults (rowtime, id, age, since) VALUES (2, 'bob', 40, 22);
ASSERT VALUES adults (rowtime, id, age, since) VALUES (3, 'ada', 18, 0);
ASSERT NULL VALUES adults (rowtime, id) KEY (4, 'bob');
ASSERT VALUES adults (rowtime, id, age, since) VALUES (5, 'ada', 19, 1);
