/*
id: zone-ttl-bounds
title: Times to live are of one size in a set, and neither tiny nor endless
severity: low
resource: zone
answers: [P50, P71, P72]
why: >-
  A time of a week keeps a wrong answer alive for a week; one of seconds makes every failure of the name servers one of the service. Records of
  one set with different times are handed out in ways that nobody chose (RFC 2181, 5.2).
remedy: Set one time for the set, between the bounds.
false-positives: Records for a move that is under way, and balancing by DNS with very short times. Challenges may be short.
params:
  longest: {type: int, default: 604800, meaning: "seconds above which it is a finding"}
  shortest: {type: int, default: 30, meaning: "seconds below which it is a finding"}
*/
WITH stood AS MATERIALIZED (
  SELECT r.zone, r.owner, r.type, MIN(r.ttl) AS low, MAX(r.ttl) AS high,
         MIN(r.id) AS record_id,
         MAX(r.valid_from) AS valid_from,
         -- at the end of the period together
         MIN(CASE WHEN r.valid_to >= :period_end THEN r.ttl END) AS low_now, MAX(CASE WHEN r.valid_to >= :period_end THEN r.ttl END) AS high_now,
         CASE WHEN instr('.' || r.owner, '._acme-challenge.') > 0 THEN 1 ELSE 0 END AS challenge
  FROM record r
  WHERE r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND r.valid_to > :period_start AND r.valid_from < :period_end
    -- what a provider says of a record, which has no time of its own
    AND r.type NOT IN ('ALIAS', 'PROXIED', 'ROUTED', 'DISABLED')
  GROUP BY r.zone, r.owner, r.type
)
SELECT s.zone AS resource,
       s.owner || ' ' || s.type AS key,
       'fail' AS status,
       'presence' AS basis,
       s.owner || ' ' || s.type || CASE WHEN s.high > :longest THEN ' may be kept for ' || s.high || ' seconds (a finding above ' || :longest || ').'
                                        WHEN s.low < :shortest AND s.challenge = 0 THEN ' may be kept for ' || s.low || ' seconds only (a finding below ' || :shortest || ').'
                                        ELSE ' has records with different times to live, ' || s.low_now || ' and ' || s.high_now || ' seconds.' END AS reason,
       'record' AS ref_table,
       s.record_id AS ref_id,
       s.valid_from AS observed_at
FROM stood s
WHERE s.high > :longest OR (s.low < :shortest AND s.challenge = 0) OR s.low_now <> s.high_now;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
