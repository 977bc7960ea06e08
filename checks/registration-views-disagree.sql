/*
id: registration-views-disagree
title: Registry, registrar and account say the same of a domain
severity: high
resource: domain
answers: [P75, P78]
why: >-
  An account that shows a lock which the registry does not know gives a false sense of safety. Where two views differ,
  one of them is wrong, was changed behind the other, or a command got lost on the way.
remedy: >-
  Ask the registrar which is right and have the other corrected; the registry decides what holds.
false-positives: >-
  Changes on their way from one to the other; registrars that tell the end of their own contract as that of the
  domain.
params:
  settle: {type: duration, default: 24h, meaning: "how long a change may be on its way from one view to the other"}
  dates: {type: duration, default: 3d, meaning: "how far dates may lie apart"}
*/
WITH asked AS (
  -- who is expected to tell of it, or did tell something in this time
  SELECT s.scope FROM source_scope s WHERE s.evidence = 'registry-state' AND s.retired_ms > :period_start
  UNION
  SELECT c.scope FROM coverage c
  WHERE c.evidence = 'registry-state' AND c.grade > 0 AND c.t_from < :period_end AND c.t_to > :period_start
), domains AS (
  SELECT d.name,
         CASE WHEN d.name IN (SELECT a.scope FROM asked a) THEN d.name
              WHEN d.account IN (SELECT a.scope FROM asked a) THEN d.account END AS scope
  FROM domain d
  WHERE d.in_scope = 1
)

-- findings
WITH told AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms, lower(s.registrar) AS registrar, s.registrar_id, s.expires_ms,
         lower(s.name_servers) AS name_servers, CASE WHEN replace(lower(s.ds), 'key', '') = lower(s.ds) THEN lower(s.ds) END AS ds,
         ' ' || COALESCE(s.statuses, '') || ' ' AS statuses,
         CASE WHEN s.transfer_lock = 1 THEN 1
              WHEN s.statuses IS NULL THEN s.transfer_lock
              WHEN replace(replace(replace(' ' || s.statuses || ' ', ' clientTransferProhibited ', ''), ' serverTransferProhibited ', ''),
                                   ' transferProhibited ', '')
                   <> ' ' || s.statuses || ' ' THEN 1
              ELSE 0 END AS locked
  FROM domain_state s JOIN domain d ON d.name = s.domain AND d.in_scope = 1
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), view AS (
  SELECT DISTINCT t.domain, t.source, t.view FROM told t
), meeting AS (
  -- of two states that stood at the same time, one was there when the other began
  SELECT a.id AS one, a.view AS one_view, a.source AS one_source, v.view, v.source,
         (SELECT b.id FROM domain_state b
          WHERE b.source = v.source AND b.domain = a.domain AND b.view = v.view AND b.change_ref IS NULL AND b.seen_ms >= a.first_ms
          ORDER BY b.seen_ms, b.id LIMIT 1) AS other
  FROM told a JOIN view v ON v.domain = a.domain AND (v.view <> a.view OR v.source <> a.source)
), pair AS (
  SELECT m.one AS x, m.other AS y FROM meeting m WHERE m.one_view || ' ' || m.one_source < m.view || ' ' || m.source
  UNION
  SELECT m.other, m.one FROM meeting m WHERE m.one_view || ' ' || m.one_source > m.view || ' ' || m.source
), both_told AS (
  SELECT x.id, x.domain, x.view || ' (' || x.source || ')' AS one, y.view || ' (' || y.source || ')' AS other,
         CASE WHEN x.first_ms > y.first_ms THEN x.first_ms ELSE y.first_ms END AS t_from,
         CASE WHEN x.seen_ms < y.seen_ms THEN x.seen_ms ELSE y.seen_ms END AS t_to,
         CASE WHEN x.locked <> y.locked THEN 1 ELSE 0 END AS lock,
         CASE WHEN x.name_servers <> y.name_servers THEN 1 ELSE 0 END AS servers,
         CASE WHEN x.ds <> y.ds THEN 1 ELSE 0 END AS ds,
         CASE WHEN x.expires_ms - y.expires_ms > :dates OR y.expires_ms - x.expires_ms > :dates THEN 1 ELSE 0 END AS expiry,
         CASE WHEN replace(x.statuses || y.statuses, ' autoRenewPeriod ', '') <> x.statuses || y.statuses THEN 1 ELSE 0 END AS renewing,
         -- numbers of IANA decide where both tell one; names are spelled in many ways
         CASE WHEN ltrim(x.registrar_id, '0123456789') = '' AND ltrim(y.registrar_id, '0123456789') = ''
              THEN CASE WHEN x.registrar_id <> y.registrar_id THEN 2 ELSE 0 END
              WHEN x.registrar <> y.registrar THEN 1 ELSE 0 END AS registrar
  FROM pair p JOIN told x ON x.id = p.x JOIN told y ON y.id = p.y
), found AS (
  SELECT b.*, 'the transfer lock' AS what, 1 AS sure FROM both_told b WHERE b.lock = 1
  UNION ALL
  SELECT b.*, 'the name servers', 1 FROM both_told b WHERE b.servers = 1
  UNION ALL
  SELECT b.*, 'the DS data', 1 FROM both_told b WHERE b.ds = 1
  UNION ALL
  SELECT b.*, 'the end', CASE WHEN b.renewing = 1 THEN 0 ELSE 1 END FROM both_told b WHERE b.expiry = 1
  UNION ALL
  SELECT b.*, 'the registrar', CASE WHEN b.registrar = 2 THEN 1 ELSE 0 END FROM both_told b WHERE b.registrar > 0
)
SELECT f.domain AS resource,
       f.one || ' ' || f.other || ' ' || f.what AS key,
       CASE WHEN f.sure = 1 AND f.t_to - f.t_from > :settle THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       f.one || ' and ' || f.other || ' differ in ' || f.what || '; both were seen so for ' || ((f.t_to - f.t_from) / 3600000) || ' hours, '
         || (:settle / 3600000) || ' are allowed'
         || CASE WHEN f.sure = 1 THEN '.' WHEN f.what = 'the end'
                 THEN '; the registry renewed it and the registrar may still take that back.'
                 ELSE '; names of registrars are spelled in many ways.' END AS reason,
       'domain_state' AS ref_table,
       f.id AS ref_id,
       f.t_from AS observed_at
FROM found f
WHERE f.t_from <= f.t_to
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence',
       CASE WHEN d.scope IS NULL THEN 'No source tells how this domain stands at its registry or registrar.'
            ELSE 'One view alone tells of this domain: there is nothing to compare it with.' END, NULL, NULL, :as_of
FROM domains d
WHERE d.scope IS NULL OR d.name NOT IN (SELECT v.domain FROM view v GROUP BY v.domain HAVING COUNT(*) > 1);

-- population
WITH view AS (
  SELECT DISTINCT s.domain, s.source, s.view
  FROM domain_state s
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), compared AS (
  SELECT v.domain FROM view v GROUP BY v.domain HAVING COUNT(*) > 1
)
SELECT d.name AS resource, CASE WHEN d.scope IS NOT NULL AND d.name IN (SELECT c.domain FROM compared c) THEN 'registry-state' END AS evidence,
       d.scope AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domains d;
