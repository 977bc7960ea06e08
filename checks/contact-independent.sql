/*
id: contact-independent
title: Contacts of a domain do not depend on the domain
severity: medium
resource: domain
answers: [P76, P84]
why: >-
  When a domain is lost, so is the mail below it: the registrar writes to a mailbox that whoever took the domain now
  reads.
remedy: >-
  Give the registrar an address of the team below a domain that is held elsewhere.
false-positives: >-
  Addresses that forward elsewhere before the domain is needed (which nobody outside can see).
params:
  siblings: {type: int, default: 1, meaning: "1: an address below another domain of the inventory is for people to look at; 0: it is not"}
*/
WITH mail AS MATERIALIZED (
  -- what stands behind the @
  SELECT s.domain, s.source, s.view, c.role, s.first_ms, s.id AS state_id,
         substr(lower(ltrim(c.email, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&''*+/=?^_`{|}~-')), 2) AS host
  FROM domain_state s JOIN domain d ON d.name = s.domain AND d.in_scope = 1
  JOIN domain_contact c ON c.state_id = s.id
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND c.withheld = 0 AND c.email <> '' AND c.role <> 'abuse'
), depends AS (
  SELECT m.*, CASE WHEN m.host = m.domain OR (length(m.host) > length(m.domain) AND substr(m.host, length(m.host) - length(m.domain)) = '.' || m.domain)
                   THEN 1 ELSE 0 END AS own
  FROM mail m
)
SELECT p.domain AS resource,
       p.source || ' ' || p.view || ' ' || p.role || ' ' || p.host AS key,
       'fail' AS status,
       'presence' AS basis,
       'The address of its contact (' || p.role || ') lies below ' || p.host || ', which is lost together with the domain.' AS reason,
       'domain_state' AS ref_table,
       p.state_id AS ref_id,
       p.first_ms AS observed_at
FROM depends p
WHERE p.own = 1
UNION ALL
SELECT p.domain, p.source || ' ' || p.view || ' ' || p.role || ' ' || p.host, 'review', 'presence',
       'The address of its contact (' || p.role || ') lies below ' || o.name || ', which is ours as well: whoever takes that domain can take this one.',
       'domain_state', p.state_id, p.first_ms
FROM depends p
JOIN domain o ON o.name IN (p.host, substr(ltrim(p.host, 'abcdefghijklmnopqrstuvwxyz0123456789-_'), 2)) AND o.in_scope = 1
WHERE p.own = 0 AND :siblings = 1
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence',
       CASE WHEN d.scope IS NULL THEN 'No source tells how this domain stands at its registry or registrar.'
            ELSE 'No address of a contact is told of this domain.' END, NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NULL OR d.name NOT IN (SELECT m.domain FROM mail m);

-- population
WITH mail AS (
  SELECT DISTINCT s.domain
  FROM domain_state s JOIN domain_contact c ON c.state_id = s.id
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND c.withheld = 0 AND c.email <> '' AND c.role <> 'abuse'
)
SELECT d.name AS resource, CASE WHEN d.scope IS NOT NULL AND d.name IN (SELECT m.domain FROM mail m) THEN 'registry-state' END AS evidence,
       d.scope AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM registration d;
