/*
id: credential-third-party
title: Third parties that hold our credentials are known and reviewed
severity: medium
resource: credential
answers: [P20, P35, P52, P68, P84]
why: >-
  A key in somebody else's hands is as safe as their house. Who holds it must be known, and looked at again from time to time.
remedy: Write the supplier down with its tier and contract, review it, or take the key back.
false-positives: A supplier that stands in the inventory under another name.
params:
  review: {type: duration, default: 366d, meaning: "how long a review of a supplier holds"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), looked AS (
  -- as the inventory dates it, or an attestation; one without a subject is of all
  SELECT s.name, s.reviewed_ms AS t, 0 AS ended FROM supplier s CROSS JOIN at a WHERE s.reviewed_ms < a.t
  UNION ALL
  SELECT s.name, w.dated_ms, w.ended FROM supplier s CROSS JOIN attested w WHERE w.kind = 'supplier-review' AND w.subject IN (s.name, '')
), last AS (
  SELECT l.name, MAX(CASE WHEN l.ended = 0 THEN l.t END) AS t, COUNT(*) AS n FROM looked l GROUP BY l.name
), held AS (
  SELECT k.id, k.rowid AS row, k.supplier, s.name, s.rowid AS supplier_row, l.t AS reviewed_ms, l.n AS looked
  FROM credential k LEFT JOIN supplier s ON s.name = k.supplier LEFT JOIN last l ON l.name = s.name CROSS JOIN at a
  WHERE k.supplier IS NOT NULL AND (k.retired_ms IS NULL OR k.retired_ms > a.t)
), reviewed AS (
  SELECT COUNT(*) AS n FROM last
)
SELECT h.id AS resource,
       '' AS key,
       CASE WHEN h.name IS NULL AND (SELECT COUNT(*) FROM supplier) > 0 THEN 'fail'
            WHEN h.name IS NOT NULL AND (SELECT n FROM reviewed) > 0 THEN 'fail'
            ELSE 'review' END AS status,
       'presence' AS basis,
       'It is held by ' || h.supplier
         || CASE WHEN h.name IS NULL THEN ', which the inventory does not have among its suppliers.'
                 WHEN h.looked IS NULL THEN ', which was never reviewed.'
                 WHEN h.reviewed_ms IS NULL THEN ', of which the last review speaks of a time that is over.'
                 ELSE ', which was reviewed ' || ((a.t - h.reviewed_ms + 86399999) / 86400000) || ' days before; ' || (:review / 86400000) || ' are allowed.' END AS reason,
       CASE WHEN h.name IS NULL THEN 'credential' ELSE 'supplier' END AS ref_table,
       CASE WHEN h.name IS NULL THEN h.row ELSE h.supplier_row END AS ref_id,
       a.t AS observed_at
FROM held h CROSS JOIN at a
WHERE h.name IS NULL OR h.reviewed_ms IS NULL OR a.t - h.reviewed_ms > :review
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential is said to be held by a third party.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM held) = 0;

-- population
WITH held AS (
  SELECT k.id FROM credential k
  WHERE k.supplier IS NOT NULL AND (k.retired_ms IS NULL OR k.retired_ms > CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END)
)
SELECT h.id AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade FROM held h
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM held) = 0;
