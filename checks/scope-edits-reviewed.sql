/*
id: scope-edits-reviewed
title: Edits of scope and policy are reviewed
severity: medium
resource: table
answers: [P16, P23, P48]
why: Who takes a name out of scope or widens what a key may do changes what is found, without touching a zone.
remedy: Look through the edits that the report lists, and record who did so as an attestation of the kind scope-review.
false-positives: Edits that were reviewed and not attested yet.
params:
  grace: {type: duration, default: 35d, meaning: "how long after an edit its review may come"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), last AS (
  -- the newest review of each table, '' is of all
  SELECT a.subject, MAX(a.dated_ms) AS t
  FROM attestation a CROSS JOIN at n
  WHERE a.kind = 'scope-review' AND a.dated_ms < n.t AND a.withdrawn_at >= n.t
  GROUP BY a.subject
)

-- findings
WITH edited AS (
  -- of the period; and those before it that nobody has reviewed since, until somebody does
  SELECT e.id, e.table_name, e.t, CASE WHEN COALESCE(o.t, -1) < e.t AND COALESCE(x.t, -1) < e.t THEN 1 ELSE 0 END AS open
  FROM scope_edit e CROSS JOIN at n
  LEFT JOIN last o ON o.subject = e.table_name
  LEFT JOIN last x ON x.subject = ''
  WHERE e.t < n.t
    AND (e.t >= :period_start OR (COALESCE(o.t, -1) < e.t AND COALESCE(x.t, -1) < e.t AND (SELECT COUNT(*) FROM last) > 0))
    AND e.table_name IN ('approved_issuer', 'change_window', 'credential_scope', 'domain', 'policy', 'routing', 'severity_change', 'source', 'waiver')
), open AS (
  SELECT e.table_name, COUNT(*) AS n, MIN(e.t) AS t, MIN(e.id) AS id
  FROM edited e
  WHERE e.open = 1
  GROUP BY e.table_name
)
SELECT o.table_name AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       o.n || CASE WHEN o.n = 1 THEN ' edit was' ELSE ' edits were' END || ' not reviewed, the oldest for ' || ((n.t - o.t + 86399999) / 86400000)
         || ' days; at most ' || (:grace / 86400000) || ' may pass.' AS reason,
       'scope_edit' AS ref_table,
       o.id AS ref_id,
       o.t AS observed_at
FROM open o CROSS JOIN at n
WHERE (SELECT COUNT(*) FROM last) > 0 AND o.t < n.t - :grace
UNION ALL
SELECT 'edits', '', 'review', 'presence',
       COUNT(*) || CASE WHEN COUNT(*) = 1 THEN ' edit of scope and policy was' ELSE ' edits of scope and policy were' END
         || ' made, and nobody attests to have reviewed them.',
       'scope_edit', MIN(e.id), MIN(e.t)
FROM edited e
WHERE (SELECT COUNT(*) FROM last) = 0
HAVING COUNT(*) > 0
UNION ALL
SELECT 'edits', '', 'not-applicable', 'presence', 'Scope and policy were not edited in the period, and no edit before it waits for a review.', NULL, NULL, n.t
FROM at n
WHERE (SELECT COUNT(*) FROM edited) = 0;

-- population
WITH edited AS (
  SELECT DISTINCT e.table_name
  FROM scope_edit e CROSS JOIN at n
  LEFT JOIN last o ON o.subject = e.table_name
  LEFT JOIN last x ON x.subject = ''
  WHERE e.t < n.t
    AND (e.t >= :period_start OR (COALESCE(o.t, -1) < e.t AND COALESCE(x.t, -1) < e.t))
    AND e.table_name IN ('approved_issuer', 'change_window', 'credential_scope', 'domain', 'policy', 'routing', 'severity_change', 'source', 'waiver')
)
SELECT e.table_name AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM edited e
WHERE (SELECT COUNT(*) FROM last) > 0
UNION ALL
SELECT 'edits', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM last) = 0 OR (SELECT COUNT(*) FROM edited) = 0;
