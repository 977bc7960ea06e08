/*
id: delegation-flip-with-certificate
title: No name is led elsewhere, certified and led back
severity: critical
resource: domain
answers: [P25, P27, P34, P72, P75, P78]
why: >-
  Name servers, signing data, addresses, mail servers or the issuers that CAA allows, changed for hours, a new certificate for the name in that
  time, and the old values put
  back: this is how whole domains were taken over without anybody noticing. The certificate stays good after everything looks as before.
remedy: >-
  Treat it as an incident: have the certificate revoked, change the credentials of the registrar and of the zone, and find out who made the
  change and who asked for the certificate.
false-positives: >-
  A planned move that was taken back, or a fail-over to a new address, without a recorded approval. Certificates that our own clients asked for
  or that we hold do not count.
params:
  window: {type: duration, default: 72h, meaning: "how long after the change a certificate belongs to it"}
  restore: {type: duration, default: 30d, meaning: "how long after the change the former value may come back and still belongs to it"}
*/
WITH RECURSIVE issued AS MATERIALIZED (
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, n.base,
         CASE WHEN EXISTS (SELECT 1 FROM approved_issuer a
                           WHERE a.domain = cd.domain AND (a.issuer = c.issuer OR (a.issuer_key_hash <> '' AND a.issuer_key_hash = c.issuer_key_hash))
                             AND a.valid_from <= c.logged_ms AND a.valid_to > c.logged_ms AND a.withdrawn_at > c.logged_ms) THEN 'ours'
              WHEN EXISTS (SELECT 1 FROM approved_issuer a WHERE a.domain = cd.domain) THEN 'foreign' ELSE 'not stated' END AS issuer
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  WHERE c.logged_ms < :period_end + :window
    AND NOT EXISTS (SELECT 1 FROM issuance_request q WHERE q.tbs_key = c.tbs_key AND q.outcome IN ('issued', 'renewed'))
    AND NOT EXISTS (SELECT 1 FROM held_certificate h WHERE h.tbs_key = c.tbs_key)
  GROUP BY cd.domain, c.id, c.tbs_key, c.logged_ms, c.issuer, c.issuer_key_hash, n.base
), above AS (
  -- who controls a name above controls this one
  SELECT i.*, i.base AS name FROM issued i
  UNION
  SELECT a.domain, a.id, a.tbs_key, a.logged_ms, a.base, a.issuer, substr(a.name, instr(a.name, '.') + 1) FROM above a WHERE instr(a.name, '.') > 0
), kinds AS (
  SELECT 'NS' AS type, '' AS label, 1 AS climbs, 'ns.change' AS kind
  UNION ALL SELECT 'DS', '', 1, 'ds.change'
  UNION ALL SELECT 'A', '', 0, 'address.change'
  UNION ALL SELECT 'AAAA', '', 0, 'address.change'
  UNION ALL SELECT 'ALIAS', '', 0, 'address.change'
  UNION ALL SELECT 'CNAME', '', 0, 'address.change'
  UNION ALL SELECT 'CNAME', '_acme-challenge.', 0, 'challenge-delegation.change'
  UNION ALL SELECT 'NS', '_acme-challenge.', 0, 'challenge-delegation.change'
  UNION ALL SELECT 'TXT', '_validation-persist.', 1, 'record.change'
  UNION ALL SELECT 'CAA', '', 1, 'caa.change'
  UNION ALL SELECT 'MX', '', 1, 'mx.change'
), watched AS MATERIALIZED (
  SELECT a.domain, a.id, a.tbs_key, a.logged_ms, a.base, a.issuer, k.label || a.name AS owner, k.type, k.kind
  FROM above a
  JOIN kinds k ON k.climbs = 1 OR a.name = a.base
), moved AS MATERIALIZED (
  -- a change of the time to live takes a record away and brings it back in one step: nothing moved
  SELECT r.change_id, r.owner, r.type, r.rdata, MIN(r.op) AS op,
         MIN(r.id) AS record_id
  FROM change_record r
  WHERE r.type IN ('NS', 'DS', 'A', 'AAAA', 'ALIAS', 'CNAME', 'TXT', 'CAA', 'MX')
  GROUP BY r.change_id, r.owner, r.type, r.rdata
  HAVING MIN(r.op) = MAX(r.op)
), chained AS MATERIALIZED (
  SELECT m.change_id, m.owner, m.type, m.op, m.record_id,
         LAG(m.change_id) OVER w AS came, LEAD(m.change_id) OVER w AS back,
         CASE WHEN t.t_from - LAG(t.t_from) OVER w <= :restore THEN 1 ELSE 0 END AS short
  FROM moved m
  JOIN change_time t ON t.change_id = m.change_id
  WINDOW w AS (PARTITION BY m.owner, m.type, m.rdata ORDER BY m.change_id)
), newcomer AS MATERIALIZED (
  -- an address or alias that the name never had; one that it had before is a fail-over
  SELECT n.owner, n.change_id FROM chained n WHERE n.op = 'add' AND n.came IS NULL AND n.type IN ('A', 'AAAA', 'ALIAS', 'CNAME')
), flip AS MATERIALIZED (
  SELECT n.change_id, n.owner, n.type,
         MIN(n.record_id) AS record_id,
         MIN(n.back) AS back
  FROM chained n
  -- what goes again after a short time is the end of a flip, not the beginning of one
  WHERE (n.type IN ('NS', 'DS') AND (n.back IS NOT NULL OR (n.op = 'del' AND n.short = 0)))
     OR (n.type IN ('TXT', 'CAA', 'MX') AND n.back IS NOT NULL)
     OR (n.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') AND n.op = 'del'
         AND EXISTS (SELECT 1 FROM newcomer w WHERE w.owner = n.owner AND w.change_id >= n.change_id AND (n.back IS NULL OR w.change_id < n.back)))
  GROUP BY n.change_id, n.owner, n.type
), seen AS (
  SELECT 'change_record' AS ref_table, f.record_id AS ref_id, f.owner, f.type, t.t_from, t.t_to, b.t_from AS back_from, b.t_to AS back_to
  FROM flip f
  CROSS JOIN change_time t
  LEFT JOIN change_time b ON b.change_id = f.back
  WHERE t.change_id = f.change_id
  UNION ALL
  -- the same at the registry, as its own history or a registrar tells it
  SELECT 'event', e.id, e.domain, CASE e.action WHEN 'ns.change' THEN 'NS' ELSE 'DS' END, e.t_from, e.t_to,
         (SELECT MIN(b.t_from) FROM event b WHERE b.action = e.action AND b.domain = e.domain AND b.t_from > e.t_from
                                              AND b.source = e.source AND b.after_value = e.before_value),
         (SELECT MIN(b.t_to) FROM event b WHERE b.action = e.action AND b.domain = e.domain AND b.t_from > e.t_from
                                            AND b.source = e.source AND b.after_value = e.before_value)
  FROM event e
  WHERE e.action IN ('ns.change', 'ds.change') AND e.outcome <> 'failure'
    AND NOT EXISTS (SELECT 1 FROM event b WHERE b.action = e.action AND b.domain = e.domain AND b.t_from >= e.t_from - :restore AND b.t_from < e.t_from
                                            AND b.source = e.source AND b.before_value = e.after_value)
), triple AS (
  SELECT w.domain, w.id, w.tbs_key, w.logged_ms, MIN(w.base) AS base, w.owner, w.type, w.kind, w.issuer,
         s.ref_table, s.ref_id, s.t_from, s.t_to, s.back_from, s.back_to,
         CASE WHEN s.t_to - 1 <= w.logged_ms AND w.logged_ms <= s.t_from + :window THEN 1 ELSE 0 END AS sure_issued,
         CASE WHEN s.back_to - 1 - s.t_from <= :restore THEN 1 ELSE 0 END AS sure_back
  FROM watched w
  JOIN seen s ON s.owner = w.owner AND s.type = w.type
  WHERE s.t_from <= w.logged_ms AND w.logged_ms < s.t_to + :window
    AND s.t_from < :period_end
    AND (s.t_to > :period_start OR w.logged_ms >= :period_start OR s.back_to > :period_start)
    AND (s.type NOT IN ('TXT', 'CAA', 'MX') OR s.back_from < s.t_to + :restore)
    -- what CAA said binds an issuer for eight hours (BR 3.2.2.8); one of ours needed no door to be opened
    AND (s.type <> 'CAA' OR (w.issuer <> 'ours' AND w.logged_ms < s.back_to + 28800000))
  GROUP BY w.domain, w.id, w.tbs_key, w.logged_ms, w.owner, w.type, w.kind, w.issuer, s.ref_table, s.ref_id, s.t_from, s.t_to, s.back_from, s.back_to
), judged AS (
  SELECT x.*,
         CASE WHEN EXISTS (SELECT 1 FROM approval a WHERE a.subject = x.owner AND a.kind IN (x.kind, 'record.change')
                             AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) THEN 1 ELSE 0 END AS late
  FROM triple x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = x.owner AND a.kind IN (x.kind, 'record.change')
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to AND a.recorded_at <= x.t_from)
)
SELECT j.domain AS resource,
       j.owner || ' ' || j.type || ' ' || j.tbs_key || ' ' || j.t_from AS key,
       CASE WHEN j.sure_issued = 1 AND j.sure_back = 1 AND j.late = 0 AND j.type <> 'MX' AND (j.type <> 'CAA' OR j.issuer = 'foreign') THEN 'fail'
            ELSE 'review' END AS status,
       'presence' AS basis,
       'The ' || j.type || ' records of ' || j.owner || CASE WHEN j.ref_table = 'event' THEN ' were changed at the registry' ELSE ' were changed' END
         || ', a certificate for ' || j.base || ' that we did not ask for was logged ' || ((j.logged_ms - j.t_from) / 3600000) || ' hours after that could begin (of '
         || (:window / 3600000) || ')'
         || CASE WHEN j.back_from IS NULL THEN '; the former value has not come back'
                 WHEN j.back_from - j.t_to >= :restore THEN '; the former value came back only after more than ' || (:restore / 86400000) || ' days'
                 ELSE ', and the former value was back within ' || ((j.back_to - j.t_from + 3599999) / 3600000) || ' hours' END
         || CASE WHEN j.late = 1 THEN '; an approval was recorded afterwards or covers a part of the time.'
                 WHEN j.type = 'MX' THEN '; who reads the mail of a name can prove control of it to some issuers.'
                 WHEN j.type = 'CAA' AND j.issuer = 'not stated' THEN '; the inventory does not say which issuers are ours.'
                 WHEN j.sure_issued = 0 THEN '; possible: the times are not known well enough to say which came first.'
                 ELSE '.' END AS reason,
       j.ref_table AS ref_table,
       j.ref_id AS ref_id,
       j.t_from AS observed_at
FROM judged j
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'No zone and no registry data of this domain are read.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NULL AND d.name NOT IN (SELECT s.scope FROM source_scope s WHERE s.evidence = 'registry-state');

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope, :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1 AND (d.zone IS NOT NULL OR d.name IN (SELECT s.scope FROM source_scope s WHERE s.evidence = 'registry-state'))
UNION ALL
SELECT d.name, 'zone-changes', d.zone, :period_start, :period_end, 'sampled'
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
UNION ALL
SELECT DISTINCT d.name, 'registry-state', d.name, :period_start, :period_end, 'sampled'
FROM domain d
JOIN source_scope s ON s.scope = d.name AND s.evidence = 'registry-state' AND s.retired_ms > :period_start
WHERE d.in_scope = 1
UNION ALL
SELECT d.name, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NULL AND d.name NOT IN (SELECT s.scope FROM source_scope s WHERE s.evidence = 'registry-state');
