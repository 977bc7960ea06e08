/*
id: dnssec-signature-validity
title: Signatures are valid from now on, and not for long
severity: medium
resource: zone
answers: [P70, P91]
why: >-
  A signature can be given again as long as it is valid, also when what it signs was taken back long ago. One that begins in the future makes
  the zone fail now.
remedy: Let the signer make signatures for one or two weeks and renew them half way; set its clock.
false-positives: Keys that are signed by hand from a safe, once in a quarter.
params:
  longest: {type: duration, default: 30d, meaning: "validity above which somebody should look"}
  most: {type: duration, default: 180d, meaning: "validity above which it fails"}
  skew: {type: duration, default: 5m, meaning: "how far ahead the signer's clock may be"}
*/
WITH sig AS (
  SELECT s.zone, s.covered, s.ref_id AS id, s.t, s.since, s.till FROM probed_zone z JOIN signature s ON s.zone = z.name WHERE s.t >= :period_start AND s.t < :period_end
), judged AS (
  SELECT s.zone, s.covered, CASE WHEN s.since > s.t + :skew THEN 2 ELSE 1 END AS what, s.id, s.t, s.till - s.since AS validity, s.since - s.t AS ahead, s.till - s.t AS remaining
  FROM sig s WHERE s.till - s.since > :longest OR s.since > s.t + :skew
), first AS (
  SELECT j.zone, j.covered, j.what, MIN(j.id) AS id FROM judged j GROUP BY j.zone, j.covered, j.what
)
SELECT j.zone AS resource,
       j.covered || CASE j.what WHEN 2 THEN ' begins later' ELSE ' is valid for long' END AS key,
       CASE WHEN j.what = 2 OR j.validity > :most THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'A signature over ' || j.covered
         || CASE j.what WHEN 2 THEN ' began ' || (j.ahead / 60000) || ' minutes after it was seen.'
                        ELSE ' was valid for ' || ((j.validity + 86399999) / 86400000) || ' days, of which ' || (j.remaining / 86400000) || ' were left; '
                             || (:longest / 86400000) || ' should be enough.' END AS reason,
       'dns_answer_record' AS ref_table, j.id AS ref_id, j.t AS observed_at
FROM first f JOIN judged j ON j.id = f.id
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
