/*
id: caa-present
title: Zones that matter say by CAA who may issue certificates
severity: medium
resource: zone
answers: [P01, P53]
why: >-
  Without CAA every public issuer may issue for the names of the zone, and the weakest of them decides how hard that is. Issuers must heed a
  set, but nobody is obliged to publish one (RFC 8659): so it fails for the zones that the inventory calls critical or high, or that the policy
  names, and is a question to the owner for the others.
remedy: Put CAA records with the issuers that you use at the top of the zone, or of the zone above; "issue" with an empty value where none is used.
false-positives: A set that stands above the zone, in one that we do not hold.
params:
  required: {type: text, default: "critical high", meaning: "tiers of zones that must have one, with blanks between; all: every zone"}
*/
WITH RECURSIVE climb AS (
  SELECT DISTINCT z.zone, z.zone AS owner FROM caa_zone z
  UNION ALL
  SELECT c.zone, substr(c.owner, instr(c.owner, '.') + 1) FROM climb c WHERE instr(c.owner, '.') > 0
), restricted AS (
  -- in force at the end, there or above; a report address, or a word about wildcards, restricts nobody
  SELECT c.zone
  FROM climb c JOIN caa_property p ON p.owner = c.owner
  WHERE p.tag = 'issue' AND p.valid_from < :period_end
    -- answers count until the period ends: what is spoken for may be the moment before the last one came
    AND (p.valid_from < :as_of OR p.evidence = 'dns-live') AND (p.valid_to >= :period_end OR p.valid_to >= :as_of AND p.evidence = 'zone-changes')
    AND (p.taken_from <= :period_start AND p.taken_to > :period_start OR p.evidence = 'zone-changes' AND p.zone <> c.zone)
), tier AS (
  SELECT d.zone, d.tier FROM domain d WHERE d.in_scope = 1 AND d.zone NOT IN (SELECT o.name FROM owned_zone o WHERE o.tier IS NOT NULL)
  UNION ALL
  SELECT o.name, o.tier FROM owned_zone o
), lacking AS (
  SELECT z.zone, z.evidence,
         CASE WHEN :required = 'all' OR EXISTS (SELECT 1 FROM tier t WHERE t.zone = z.zone AND instr(' ' || :required || ' ', ' ' || t.tier || ' ') > 0)
              THEN 'fail' ELSE 'review' END AS status
  FROM caa_zone z
  WHERE z.taken_from <= :period_start AND z.taken_to > :period_start AND z.zone NOT IN (SELECT r.zone FROM restricted r)
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
GROUP BY l.zone, l.status;

-- population
SELECT n.zone AS resource, n.evidence, n.scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade FROM caa_need n;
