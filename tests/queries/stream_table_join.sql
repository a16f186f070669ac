--@test: each row with what the table says then
CREATE STREAM clicks (usr STRING KEY, page STRING) WITH (KAFKA_TOPIC = 'clicks', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE users (id STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC = 'users', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM inner_join AS SELECT c.usr AS usr, c.page AS page, u.name AS name FROM clicks c JOIN users u ON c.usr = u.id EMIT CHANGES;
CREATE STREAM left_join AS SELECT c.usr AS usr, c.page AS page, u.name AS name FROM clicks c LEFT JOIN users u ON c.usr = u.id EMIT CHANGES;
INSERT INTO users (ROWTIME, id, name) VALUES (1, 'ada', 'Ada');
INSERT INTO clicks (ROWTIME, usr, page) VALUES (2, 'ada', '/1');
INSERT INTO clicks (ROWTIME, usr, page) VALUES (3, 'bob', '/2');
INSERT INTO users (ROWTIME, id, name) VALUES (4, 'bob', 'Bob');
INSERT INTO clicks (ROWTIME, usr, page) VALUES (5, 'bob', '/3');
INSERT INTO users (ROWTIME, id, name) VALUES (6, 'ada', 'Lady Ada');
INSERT INTO clicks (ROWTIME, usr, page) VALUES (7, 'ada', '/4');
ASSERT VALUES inner_join (rowtime, usr, page, name) VALUES (2, 'ada', '/1', 'Ada');
ASSERT VALUES inner_join (rowtime, usr, page, name) VALUES (5, 'bob', '/3', 'Bob');
ASSERT VALUES inner_join (rowtime, usr, page, name) VALUES (7, 'ada', '/4', 'Lady Ada');
ASSERT VALUES left_join (rowtime, usr, page, name) VALUES (2, 'ada', '/1', 'Ada');
ASSERT VALUES left_join (rowtime, usr, page, name) VALUES (3, 'bob', '/2', NULL);
ASSERT VALUES left_join (rowtime, usr, page, name) VALUES (5, 'bob', '/3', 'Bob');
ASSERT VALUES left_join (rowtime, usr, page, name) VALUES (7, 'ada', '/4', 'Lady Ada');

--@test: joined by a value column
CREATE STREAM orders (id INT KEY, sku STRING, qty INT) WITH (KAFKA_TOPIC = 'orders', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE products (sku STRING PRIMARY KEY, price INT) WITH (KAFKA_TOPIC = 'products', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM priced AS
    SELECT o.sku AS sku, o.id AS id, o.qty * p.price AS total FROM orders o LEFT JOIN products p ON o.sku = p.sku EMIT CHANGES;
INSERT INTO products (ROWTIME, sku, price) VALUES (1, 'pen', 2);
INSERT INTO products (ROWTIME, sku, price) VALUES (2, 'ink', 5);
INSERT INTO orders (ROWTIME, id, sku, qty) VALUES (100, 1, 'pen', 3);
INSERT INTO orders (ROWTIME, id, sku, qty) VALUES (101, 2, 'cup', 1);
INSERT INTO orders (ROWTIME, id, sku, qty) VALUES (102, 3, 'ink', 2);
ASSERT VALUES priced (rowtime, sku, id, total) VALUES (100, 'pen', 1, 6);
ASSERT VALUES priced (rowtime, sku, id, total) VALUES (101, 'cup', 2, NULL);
ASSERT VALUES priced (rowtime, sku, id, total) VALUES (102, 'ink', 3, 10);
