/*
id: domain-registrar-changed
title: Domains stay with the registrar that the inventory names
severity: critical
resource: domain
answers: [P78, P84]
why: >-
  A domain that another registrar sponsors is out of our hands: its locks, its delegation and its certificates are for
  others to decide.
remedy: >-
  Ask both registrars how it came there, and claim it back at once if nobody approved it. Record approvals
  (domain.registrar.change) before, and keep the inventory up to date.
false-positives: >-
  Another spelling of the same registrar: name it by its IANA number, or list its names with the supplier.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the deed an approval may be recorded and still counts"}
*/
WITH spelled AS (
  SELECT lower(n.supplier) AS one, lower(n.name) AS other FROM supplier_name n WHERE n.kind = 'registrar'
  UNION
  SELECT lower(n.name), lower(m.name)
  FROM supplier_name n JOIN supplier_name m ON m.supplier = n.supplier AND m.kind = 'registrar'
  WHERE n.kind = 'registrar'
), wanted AS MATERIALIZED (
  SELECT d.name, lower(d.registrar) AS registrar FROM domain d WHERE d.in_scope = 1 AND d.registrar IS NOT NULL
  UNION
  SELECT d.name, s.other FROM domain d JOIN spelled s ON s.one = lower(d.registrar) WHERE d.in_scope = 1
), known AS (
  SELECT w.name, MAX(CASE WHEN ltrim(w.registrar, '0123456789') = '' THEN 1 ELSE 0 END) AS by_number,
         MAX(CASE WHEN ltrim(w.registrar, '0123456789') = '' THEN 0 ELSE 1 END) AS by_name
  FROM wanted w
  GROUP BY w.name
), newest AS (
  SELECT s.id, s.domain, s.source, s.view, s.registrar, s.first_ms, s.seen_ms, COALESCE(s.registrar_id, '') AS registrar_id,
         ROW_NUMBER() OVER (PARTITION BY s.domain, s.source, s.view ORDER BY s.seen_ms DESC, s.id DESC) AS n
  FROM domain_state s
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.registrar IS NOT NULL OR s.registrar_id IS NOT NULL)
), compared AS (
  -- numbers are held against numbers, names against names; a client's id (EPP) is neither, unless the inventory knows it
  SELECT s.*, CASE WHEN (s.domain, lower(s.registrar_id)) IN (SELECT w.name, w.registrar FROM wanted w) THEN 1
                   WHEN s.registrar_id <> '' AND ltrim(s.registrar_id, '0123456789') = '' AND k.by_number = 1 THEN 0
                   WHEN s.registrar IS NULL OR k.by_name = 0 THEN NULL
                   WHEN (s.domain, lower(s.registrar)) IN (SELECT w.name, w.registrar FROM wanted w) THEN 1
                   ELSE 0 END AS same
  FROM newest s JOIN known k ON k.name = s.domain
), moved AS (
  -- when it was last seen with the registrar of the inventory, and first with another
  SELECT c.domain, c.source, c.view, MAX(CASE WHEN c.same = 1 THEN c.seen_ms END) AS last, MIN(CASE WHEN c.same = 0 THEN c.first_ms END) AS first
  FROM compared c
  GROUP BY c.domain, c.source, c.view
), named AS (
  SELECT c.*, CASE WHEN EXISTS (SELECT 1 FROM approval a
                                WHERE a.subject = c.domain AND a.kind IN ('domain.registrar.change', 'domain.transfer-out', 'domain.transfer-in')
                                  AND a.valid_from <= c.first_ms AND a.valid_to > COALESCE(m.last, m.first) AND a.withdrawn_at > COALESCE(m.last, m.first))
                   THEN 1 ELSE 0 END AS approved
  FROM compared c JOIN moved m ON m.domain = c.domain AND m.source = c.source AND m.view = c.view
  WHERE c.n = 1 AND c.same = 0
), done AS (
  SELECT e.id, e.domain, e.action, e.source, e.provider_ref, e.actor, e.record_kind, e.before_value, e.after_value,
         e.t_from, e.t_to
  FROM event e JOIN domain d ON d.name = e.domain AND d.in_scope = 1
  WHERE e.action = 'domain.registrar.change'
    AND e.outcome <> 'failure'
    AND e.t_from < :period_end AND e.t_to > :period_start
), judged AS (
  -- an approval withdrawn before the deed is none; one that was valid at some instant of it deserves a look
  SELECT x.*, (SELECT MIN(a.recorded_at) FROM approval a
               WHERE a.subject = x.domain AND a.kind IN (x.action, 'domain.transfer-out', 'domain.transfer-in')
                 AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM done x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = x.domain AND a.kind IN (x.action, 'domain.transfer-out', 'domain.transfer-in')
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
)
SELECT j.domain AS resource,
       j.source || ' ' || j.provider_ref AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'It went to another registrar'
         || CASE WHEN j.before_value <> '' AND j.after_value <> ''
                 THEN ' (from ' || j.before_value || ' to ' || j.after_value || ')' ELSE '' END
         || ', by ' || COALESCE(j.actor, 'an unknown actor')
         || CASE WHEN j.recorded_at IS NULL THEN ', without an approval.'
                 WHEN j.recorded_at >= j.t_to
                 THEN '; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 ELSE '; an approval covers only part of the time in which it may have happened.' END AS reason,
       'event' AS ref_table,
       j.id AS ref_id,
       j.t_from AS observed_at
FROM judged j
UNION ALL
SELECT c.domain, c.source || ' ' || c.view, CASE WHEN c.approved = 1 OR (d.recorded_at > c.seen_ms AND d.recorded_at > b.t) THEN 'review' ELSE 'fail' END,
       'presence', 'The inventory names ' || d.registrar || ' as its registrar, its ' || c.view || ' names ' || COALESCE(c.registrar, 'none')
         || CASE WHEN c.registrar_id <> '' THEN ' (' || c.registrar_id || ')' ELSE '' END
         || CASE WHEN c.approved = 1 THEN '; its move was approved, so the inventory is behind.'
                 WHEN d.recorded_at > c.seen_ms AND d.recorded_at > b.t THEN '; the inventory was edited since.' ELSE '.' END,
       'domain_state', c.id, c.seen_ms
FROM named c JOIN domain d ON d.name = c.domain CROSS JOIN inventory_begun b
UNION ALL
SELECT d.name, '', 'review', 'absence', 'Nobody who was asked names its registrar in a way that can be held against the inventory.',
       NULL, NULL, :as_of
FROM registration d JOIN known k ON k.name = d.name
WHERE d.scope IS NOT NULL AND d.name NOT IN (SELECT c.domain FROM compared c WHERE c.n = 1 AND c.same IS NOT NULL)
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'No source tells how this domain stands at its registry or registrar.',
       NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NULL;

-- population
SELECT d.name AS resource, CASE WHEN d.scope IS NOT NULL THEN 'registry-state' END AS evidence, d.scope AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM registration d
UNION ALL
SELECT d.name, 'account-events', d.account, :period_start, :period_end, 'asserted'
FROM registration d
WHERE d.scope IS NOT NULL AND d.account IS NOT NULL;
