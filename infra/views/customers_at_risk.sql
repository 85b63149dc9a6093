-- Whom to call first: customers of high and medium risk by the newest scores, with what is at stake and why.
-- customer_id      varchar                      pseudonym
-- company_id       varchar
-- band             varchar                      high or medium
-- probability      double                       that the customer leaves within the horizon
-- value            double                       expected value, in the currency of the configuration
-- value_at_risk    double                       probability times value
-- persona          varchar
-- first_reason     varchar                      what weighs most, in words
-- first_points     double                       by how many percentage points it moves the probability
-- as_of            timestamp(6) with time zone  the moment that the scores look from
-- model            varchar                      version of the bundle
SELECT customer_id, company_id, band, probability, value, probability * value AS value_at_risk, persona,
    element_at(reasons, 1).sentence AS first_reason, element_at(reasons, 1).contribution_points AS first_points, as_of, model
FROM scores
WHERE band IN ('high', 'medium')
