/*
id: certificate-key-strength
title: Keys and signatures of certificates are strong enough
severity: medium
resource: domain
answers: [P47, P63]
why: A key that can be computed, or a signature over a digest with known collisions, lets others be the service.
remedy: Make a new key of at least 2048 bits (RSA) or 256 bits (ECDSA), get a new certificate, and revoke the old one.
false-positives: Certificates of a private authority that somebody put into a log.
params:
  rsa: {type: int, default: 2048, meaning: "an RSA key with fewer bits is a fault"}
  rsa_advised: {type: int, default: 2048, meaning: "an RSA key with fewer bits is looked at; 3072 for what has to hold beyond 2030"}
  curve: {type: int, default: 256, meaning: "a key on a curve with fewer bits is a fault"}
*/
WITH issued AS (
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, c.key_algorithm, c.key_bits, c.signature_algorithm, MIN(n.name) AS name
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
  GROUP BY cd.domain, c.id, c.tbs_key, c.logged_ms, c.key_algorithm, c.key_bits, c.signature_algorithm
)
SELECT i.domain AS resource,
       'key ' || i.tbs_key AS key,
       CASE WHEN i.key_algorithm = 'other' OR (i.key_algorithm = 'rsa' AND i.key_bits >= :rsa) THEN 'review' ELSE 'fail' END AS status,
       'presence' AS basis,
       'A certificate for ' || i.name || ' holds a key of kind ' || i.key_algorithm || COALESCE(' with ' || i.key_bits || ' bits', '') || '; '
         || CASE WHEN i.key_algorithm = 'ecdsa' THEN :curve || ' are wanted.'
                 WHEN i.key_algorithm = 'rsa' AND i.key_bits < :rsa THEN :rsa || ' are wanted.'
                 WHEN i.key_algorithm = 'rsa' THEN :rsa_advised || ' are advised.'
                 ELSE 'nobody says here how strong that is.' END AS reason,
       'certificate' AS ref_table,
       i.id AS ref_id,
       i.logged_ms AS observed_at
FROM issued i
WHERE (i.key_algorithm = 'rsa' AND (i.key_bits < :rsa OR i.key_bits < :rsa_advised))
   OR (i.key_algorithm = 'ecdsa' AND i.key_bits < :curve)
   OR i.key_algorithm = 'other'
UNION ALL
-- those of MD4 and of DSA with SHA-1 have no name here
SELECT i.domain, 'signature ' || i.tbs_key, 'fail', 'presence',
       'A certificate for ' || i.name || ' is signed with ' || i.signature_algorithm || ', whose digest has known collisions.',
       'certificate', i.id, i.logged_ms
FROM issued i
WHERE i.signature_algorithm IN ('md2-rsa', 'md5-rsa', 'sha1-rsa', 'sha1-ecdsa', '1.2.840.113549.1.1.3', '1.2.840.10040.4.3')
UNION ALL
SELECT i.domain, 'not read ' || i.tbs_key, 'not-applicable', 'presence',
       'The key or the signature of a certificate for ' || i.name || ' was not read.', 'certificate', i.id, i.logged_ms
FROM issued i
WHERE i.key_algorithm IS NULL OR i.signature_algorithm IS NULL OR (i.key_algorithm IN ('rsa', 'ecdsa') AND i.key_bits IS NULL);

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1;
