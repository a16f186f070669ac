--@test: rows leave their old group and join the new one
CREATE TABLE staff (id INT PRIMARY KEY, dept STRING, pay INT) WITH (KAFKA_TOPIC = 'staff', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE depts AS SELECT dept, COUNT(*) AS heads, SUM(pay) AS pay FROM staff GROUP BY dept EMIT CHANGES;
INSERT INTO staff (ROWTIME, id, dept, pay) VALUES (1, 1, 'x', 10);
INSERT INTO staff (ROWTIME, id, dept, pay) VALUES (2, 2, 'x', 20);
INSERT INTO staff (ROWTIME, id, dept, pay) VALUES (3, 3, 'y', 5);
INSERT INTO staff (ROWTIME, id, dept, pay) VALUES (4, 2, 'y', 25);
INSERT INTO staff (ROWTIME, id, dept, pay) VALUES (5, 1, NULL, 99);
INSERT INTO staff (ROWTIME, id, dept, pay) VALUES (6, 3, 'y', 6);
ASSERT VALUES depts (rowtime, dept, heads, pay) VALUES (1, 'x', 1, 10);
ASSERT VALUES depts (rowtime, dept, heads, pay) VALUES (2, 'x', 2, 30);
ASSERT VALUES depts (rowtime, dept, heads, pay) VALUES (3, 'y', 1, 5);
ASSERT VALUES depts (rowtime, dept, heads, pay) VALUES (4, 'x', 1, 10);
ASSERT VALUES depts (rowtime, dept, heads, pay) VALUES (4, 'y', 2, 30);
ASSERT VALUES depts (rowtime, dept, heads, pay) VALUES (5, 'x', 0, 0);
ASSERT VALUES depts (rowtime, dept, heads, pay) VALUES (6, 'y', 2, 31);
