-- How each customer's risk went, night by night.
-- customer_id           varchar                      pseudonym
-- as_of                 timestamp(6) with time zone  the moment that the scores looked from
-- probability           double
-- change                double                       against the night before that has this customer
-- band                  varchar
-- value                 double
-- persona               varchar
-- model                 varchar                      version of the bundle
SELECT customer_id, as_of, probability,
    probability - lag(probability) OVER (PARTITION BY customer_id ORDER BY as_of) AS change, band, value, persona, model
FROM scores_history
