/*
id: caa-present
title: Zones that matter say by CAA who may issue certificates
severity: medium
resource: zone
answers: [P01, P53]
why: >-
  Without CAA every public issuer may issue for the names of the zone, and the weakest of them decides how hard that is. Issuers must heed a
  set, but nobody is obliged to publish one (RFC 8659): so it fails for the zones that the inventory calls critical or high, or that the policy
  names, and is a question to the owner for the others. A set below the top that names no issuer hides the one above it.
remedy: Put CAA records with the issuers that you use at the top of the zone, or of the zone above; "issue" with an empty value where none is used.
false-positives: A set that stands above the zone, in one that we do not hold.
params:
  required: {type: text, default: "critical high", words: [critical, high, normal, low, all], meaning: "tiers of zones that must have one, with blanks between; all: every zone"}
*/
WITH RECURSIVE climb AS (
  SELECT DISTINCT n.zone, n.zone AS owner FROM caa_need n
  UNION ALL
  SELECT c.zone, substr(c.owner, instr(c.owner, '.') + 1) FROM climb c WHERE instr(c.owner, '.') > 0
), ends AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), above AS (
  -- zones that are not judged still say what stands above others
  SELECT p.zone, p.owner, p.tag, p.flags, p.known FROM caa_property p CROSS JOIN ends e
  WHERE p.taken_to = 0 AND p.evidence = 'zone-changes' AND p.valid_from < e.t AND p.valid_to >= e.t
), way AS (
  SELECT c.zone, s.owner, s.tag, s.flags, s.known FROM climb c JOIN caa_stood s ON s.owner = c.owner
  UNION ALL
  SELECT c.zone, a.owner, a.tag, a.flags, a.known FROM climb c JOIN above a ON a.owner = c.owner WHERE a.zone <> c.zone
), restricted AS (
  -- the closest set alone counts (RFC 8659, 3); a report address, or a word about wildcards, restricts nobody
  SELECT w.zone FROM (SELECT x.*, MAX(length(x.owner)) OVER (PARTITION BY x.zone) AS closest FROM way x) w
  WHERE length(w.owner) = w.closest AND (w.tag = 'issue' OR w.flags >= 128 AND w.known = 0)
), hides AS (
  SELECT p.zone, p.owner, p.ref_table, MIN(p.ref_id) AS ref_id, MIN(p.t) AS t
  FROM caa_stood p
  WHERE p.owner <> p.zone AND p.zone IN (SELECT r.zone FROM restricted r)
  GROUP BY p.zone, p.owner, p.ref_table
  HAVING SUM(CASE WHEN p.tag = 'issue' OR p.flags >= 128 AND p.known = 0 THEN 1 ELSE 0 END) = 0
), tier AS (
  SELECT d.zone, d.tier FROM domain d WHERE d.in_scope = 1 AND d.zone NOT IN (SELECT o.name FROM owned_zone o WHERE o.tier IS NOT NULL)
  UNION ALL
  SELECT o.name, o.tier FROM owned_zone o
), judged AS (
  SELECT DISTINCT n.zone, n.evidence,
         CASE WHEN :required = 'all' OR EXISTS (SELECT 1 FROM tier t WHERE t.zone = n.zone AND instr(' ' || :required || ' ', ' ' || t.tier || ' ') > 0)
              THEN 'fail' ELSE 'review' END AS status
  FROM caa_need n
), lacking AS (
  SELECT j.* FROM judged j WHERE j.zone NOT IN (SELECT r.zone FROM restricted r)
)
SELECT l.zone AS resource,
       '' AS key,
       l.status,
       'absence' AS basis,
       'No CAA record restricts who may issue for the zone.' AS reason,
       'zone' AS ref_table,
       h.rowid AS ref_id,
       CASE WHEN h.first_ms > :period_start THEN h.first_ms ELSE :period_start END AS observed_at
FROM lacking l JOIN zone h ON h.name = l.zone
WHERE l.evidence = 'zone-changes'
UNION ALL
SELECT l.zone, '', l.status, 'presence', 'The servers answer that no CAA record restricts who may issue for the zone.', 'dns_answer', MAX(a.ref_id), MAX(a.t)
FROM lacking l JOIN caa_look a ON a.zone = l.zone
WHERE l.evidence = 'dns-live' AND a.t >= :period_start AND a.t < :period_end
GROUP BY l.zone, l.status
UNION ALL
SELECT h.zone, h.owner, j.status, 'presence', 'The CAA set of ' || h.owner || ' does not say who may issue, and hides the one above it: everybody may for that name.',
       h.ref_table, h.ref_id, h.t
FROM hides h JOIN judged j ON j.zone = h.zone;

-- population
SELECT n.zone AS resource, n.evidence, n.scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade FROM caa_need n;
