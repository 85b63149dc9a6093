-- What was known of a customer when: one row for each version, and until when it was the newest one.
-- customer_id      varchar                      pseudonym
-- company_id       varchar
-- created_at       timestamp(6) with time zone
-- changed_at       timestamp(6) with time zone  when it came about, as the source tells
-- known_from       timestamp(6) with time zone  when it arrived
-- known_until      timestamp(6) with time zone  when the next version arrived; null for the newest
-- removed          boolean                      whether the customer was gone
SELECT customer_id, company_id, created_at, _event_time AS changed_at, _known_at AS known_from,
    lead(_known_at) OVER (PARTITION BY customer_id ORDER BY _known_at) AS known_until, _removed AS removed
FROM customers_history
