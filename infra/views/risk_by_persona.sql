-- What kinds of customers there are, how many of each are at risk, and what of their value is at stake.
-- persona          varchar
-- customers        bigint
-- high_risk        bigint
-- mean_probability double
-- value            double                       of all of them
-- value_at_risk    double                       sum of probability times value
SELECT persona, count(*) AS customers, count(*) FILTER (WHERE band = 'high') AS high_risk,
    avg(probability) AS mean_probability, sum(value) AS value, sum(probability * value) AS value_at_risk
FROM scores
GROUP BY persona
