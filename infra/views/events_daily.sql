-- Use of the product by day (in UTC) and kind of event.
-- day              date
-- kind             varchar
-- events           bigint
-- customers        bigint                       who did it at least once that day
SELECT CAST(event_time AT TIME ZONE 'UTC' AS date) AS day, kind, count(*) AS events, count(DISTINCT customer_id) AS customers
FROM events
GROUP BY 1, 2
