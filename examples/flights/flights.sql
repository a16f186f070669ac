-- New York's departures of January 2013, replayed in event time.
--
--   python examples/flights/run.py                  loads the data and runs this file
--
-- A flight's event time is its scheduled departure. The log, however, is in the order in which
-- the airports learnt of the flights: a plane that left three hours late stands three hours too
-- late in the topic. The windows below say how long they wait for it (GRACE PERIOD).
-- Times are UTC; New York is five hours behind in January.

SET 'auto.offset.reset' = 'earliest';

-- 1. What is in the topics --------------------------------------------------------------------

-- One partition would do; four let several workers share the work. All topics have as many,
-- so that they can be joined partition by partition.
CREATE STREAM flights (
    origin       STRING KEY,
    sched_dep_ms BIGINT,
    carrier      STRING,
    flight       INT,
    tailnum      STRING,
    dest         STRING,
    dep_time     INT,
    dep_delay    INT,
    arr_delay    INT,
    distance     INT
) WITH (
    KAFKA_TOPIC = 'flights', VALUE_FORMAT = 'JSON', PARTITIONS = 4, TIMESTAMP = 'sched_dep_ms'
);

CREATE STREAM weather (
    origin      STRING KEY,
    observed_ms BIGINT,
    temp        DOUBLE,
    wind_speed  DOUBLE
) WITH (
    KAFKA_TOPIC = 'weather', VALUE_FORMAT = 'JSON', PARTITIONS = 4, TIMESTAMP = 'observed_ms'
);

CREATE TABLE airlines (carrier STRING PRIMARY KEY, name STRING)
    WITH (KAFKA_TOPIC = 'airlines', VALUE_FORMAT = 'JSON', PARTITIONS = 4);

CREATE TABLE airports (faa STRING PRIMARY KEY, name STRING)
    WITH (KAFKA_TOPIC = 'airports', VALUE_FORMAT = 'JSON', PARTITIONS = 4);

CREATE TABLE planes (tailnum STRING PRIMARY KEY, manufacturer STRING, model STRING, seats INT)
    WITH (KAFKA_TOPIC = 'planes', VALUE_FORMAT = 'JSON', PARTITIONS = 4);

-- 2. A cleaned stream: flights that really departed -------------------------------------------

CREATE STREAM departures AS
    SELECT
        origin,
        FROM_UNIXTIME(sched_dep_ms) AS scheduled,
        carrier,
        carrier || ' ' || CAST(flight AS STRING) AS flight_code,
        tailnum,
        dest,
        distance,
        dep_delay,
        arr_delay,
        CASE
            WHEN dep_delay <= 5 THEN 'on time'
            WHEN dep_delay <= 30 THEN 'late'
            ELSE 'very late'
        END AS punctuality
    FROM flights
    WHERE dep_time IS NOT NULL
    EMIT CHANGES;

CREATE TABLE cancellations AS
    SELECT origin, COUNT(*) AS cancelled
    FROM flights
    WHERE dep_time IS NULL
    GROUP BY origin
    EMIT CHANGES;

-- 3. Each airport, hour by hour ---------------------------------------------------------------

-- An hour is kept open for two hours more; who leaves later than that is left out of it.
-- RETENTION is how long a window can be asked for at the end of this file.
CREATE TABLE departures_per_hour AS
    SELECT
        origin,
        COUNT(*) AS departures,
        AVG(dep_delay) AS mean_delay,
        MAX(dep_delay) AS worst_delay
    FROM departures
    WINDOW TUMBLING (SIZE 1 HOUR, RETENTION 400 DAYS, GRACE PERIOD 2 HOURS)
    GROUP BY origin
    EMIT CHANGES;

-- The moving count: three hours, every hour anew, where the airport was at its limit.
CREATE TABLE rush_hours AS
    SELECT origin, COUNT(*) AS departures
    FROM departures
    WINDOW HOPPING (SIZE 3 HOURS, ADVANCE BY 1 HOUR, RETENTION 400 DAYS, GRACE PERIOD 2 HOURS)
    GROUP BY origin
    HAVING COUNT(*) >= 75
    EMIT CHANGES;

CREATE TABLE departure_board AS
    SELECT
        origin,
        LATEST_BY_OFFSET(flight_code) AS last_flight,
        LATEST_BY_OFFSET(dest) AS last_dest,
        LATEST_BY_OFFSET(scheduled) AS scheduled,
        COUNT(*) AS departures
    FROM departures
    GROUP BY origin
    EMIT CHANGES;

-- 4. Airlines, destinations, planes: joins with tables ----------------------------------------

CREATE STREAM airline_departures AS
    SELECT
        d.carrier AS carrier,
        a.name AS airline,
        d.dep_delay AS dep_delay,
        d.punctuality AS punctuality
    FROM departures d
    JOIN airlines a ON d.carrier = a.carrier
    EMIT CHANGES;

CREATE TABLE airline_punctuality AS
    SELECT
        airline,
        COUNT(*) AS departures,
        SUM(CASE WHEN punctuality = 'on time' THEN 1 ELSE 0 END) AS on_time,
        AVG(dep_delay) AS mean_delay,
        MAX(dep_delay) AS worst_delay
    FROM airline_departures
    GROUP BY airline
    EMIT CHANGES;

CREATE STREAM arrivals AS
    SELECT d.dest AS dest, a.name AS airport, d.arr_delay AS arr_delay
    FROM departures d
    JOIN airports a ON d.dest = a.faa
    EMIT CHANGES;

CREATE TABLE late_destinations AS
    SELECT airport, COUNT(*) AS arrivals, AVG(arr_delay) AS mean_delay
    FROM arrivals
    WHERE arr_delay IS NOT NULL
    GROUP BY airport
    HAVING COUNT(*) >= 100 AND AVG(arr_delay) > 5
    EMIT CHANGES;

-- Not every plane is in the register: a LEFT JOIN keeps its flights.
CREATE STREAM plane_departures AS
    SELECT
        d.tailnum AS tailnum,
        CASE
            WHEN p.manufacturer IS NULL THEN 'unknown'
            WHEN p.manufacturer LIKE 'AIRBUS%' THEN 'Airbus'
            WHEN p.manufacturer LIKE 'MCDONNELL%' THEN 'McDonnell Douglas'
            WHEN p.manufacturer IN ('BOEING', 'EMBRAER') THEN INITCAP(p.manufacturer)
            ELSE 'other'
        END AS maker,
        p.seats AS seats,
        d.distance AS distance
    FROM departures d
    LEFT JOIN planes p ON d.tailnum = p.tailnum
    EMIT CHANGES;

CREATE TABLE fleet AS
    SELECT maker, COUNT(*) AS departures, SUM(seats) AS seats, AVG(distance) AS mean_distance
    FROM plane_departures
    GROUP BY maker
    EMIT CHANGES;

-- 5. Departures and weather: two streams joined -----------------------------------------------

-- The observation of the full hour at or before the scheduled departure. Flights come up to a day
-- late, so the observations are kept for a day.
CREATE STREAM weather_departures AS
    SELECT
        d.origin AS origin,
        d.dep_delay AS dep_delay,
        CASE
            WHEN w.wind_speed >= 20 THEN 'windy'
            WHEN w.wind_speed >= 10 THEN 'breezy'
            WHEN w.wind_speed >= 0 THEN 'calm'
            ELSE 'not measured'
        END AS wind
    FROM departures d
    INNER JOIN weather w WITHIN (59 MINUTES, 0 SECONDS) GRACE PERIOD 1 DAY ON d.origin = w.origin
    EMIT CHANGES;

CREATE TABLE wind_delays AS
    SELECT wind, COUNT(*) AS departures, AVG(dep_delay) AS mean_delay
    FROM weather_departures
    GROUP BY wind
    EMIT CHANGES;

-- 6. The answers ------------------------------------------------------------------------------

-- How punctual is each airline?
SELECT airline, departures, on_time, ROUND(mean_delay, 1) AS mean_delay, worst_delay
FROM airline_punctuality;

-- Wednesday 2 January at Kennedy, hour by hour (New York's clock)
SELECT
    FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWSTART), 'HH:mm', 'America/New_York') AS from_time,
    departures,
    ROUND(mean_delay, 1) AS mean_delay,
    worst_delay
FROM departures_per_hour
WHERE origin = 'JFK'
    AND WINDOWSTART >= '2013-01-02T05:00:00' AND WINDOWSTART < '2013-01-03T05:00:00';

-- When was an airport at its limit?
SELECT
    origin,
    FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWSTART), 'yyyy-MM-dd HH:mm', 'America/New_York') AS from_time,
    departures AS departures_in_3_hours
FROM rush_hours;

-- Which destinations wait for New York?
SELECT airport, arrivals, ROUND(mean_delay, 1) AS mean_arrival_delay FROM late_destinations;

-- Whose planes fly from New York?
SELECT maker, departures, seats, ROUND(mean_distance, 0) AS mean_miles FROM fleet;

-- Does wind delay departures?
SELECT wind, departures, ROUND(mean_delay, 1) AS mean_delay_by_wind FROM wind_delays;

-- The week's last departure of each airport, and what was cancelled
SELECT origin, last_flight, last_dest, scheduled, departures AS departures_in_all
FROM departure_board;
SELECT origin, cancelled FROM cancellations;
