-- The one source of the tables. Every column has its comment on its line; docs/schema.md is made from this file.
-- Times are int64 ms UTC, intervals half-open, 9223372036854775807 = open end. Groups are marked "group NAME".
-- Tables of the group ledger are truth; all others are derived from it by rebuild.

-- group ledger
-- facts about the store itself
CREATE TABLE meta (
  name TEXT PRIMARY KEY,                -- origin, vkey, created, test, format
  value TEXT NOT NULL                   -- as text
) STRICT;
-- bytes of items as they left the redactor, named by their SHA-256; several items may share one
CREATE TABLE blob (
  sha256 BLOB PRIMARY KEY,              -- of the bytes
  data BLOB NOT NULL                    -- the bytes
) STRICT;
-- leaves of the ledger; leaf NULL = still in the inbox
CREATE TABLE item (
  id INTEGER PRIMARY KEY,               -- order of arrival
  leaf INTEGER UNIQUE,                  -- index in the tree, from 0
  hash BLOB NOT NULL,                   -- leaf hash
  record TEXT,                          -- the record, docs/ledger-format.md; NULL once erased
  secret BLOB,                          -- 32 bytes that blind content and parts; NULL once erased
  sha256 BLOB,                          -- name of the bytes in blob; NULL once erased
  part_lengths BLOB,                    -- u32be each; they tile the bytes; NULL once erased
  erased INTEGER NOT NULL DEFAULT 0,    -- 1 after retention forgot it
  stub TEXT                             -- what an erased item was, as its tombstone's bytes say; in no leaf, verify compares
) STRICT;
CREATE INDEX item_sha256 ON item (sha256);
-- roots of full subtrees, so that roots and proofs cost log n
CREATE TABLE node (
  level INTEGER NOT NULL,               -- height, 1 and up
  idx INTEGER NOT NULL,                 -- from the left, 0 and up
  hash BLOB NOT NULL,                   -- RFC 6962 node hash
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;
-- signed tree heads
CREATE TABLE head (
  size INTEGER PRIMARY KEY,             -- leaves covered
  root BLOB NOT NULL,                   -- root hash
  note TEXT NOT NULL,                   -- C2SP signed note
  signed_ms INTEGER NOT NULL            -- our time of signing
) STRICT;
-- what witnesses signed under heads, later than we did; in no leaf, the witnesses vouch for it
CREATE TABLE cosignature (
  size INTEGER NOT NULL,                -- leaves of the head
  line TEXT NOT NULL,                   -- line of a signed note, verified when it came
  PRIMARY KEY (size, line)
) STRICT;
-- signed reports that were made from this store, for the chain from report to report; in no leaf, the statements commit to it
CREATE TABLE published (
  number INTEGER PRIMARY KEY,           -- 1, 2, ... in the order of making
  made_ms INTEGER NOT NULL,             -- when
  period_from INTEGER NOT NULL,         -- period, from
  period_to INTEGER NOT NULL,           -- until, not included
  label TEXT NOT NULL,                  -- its name, 2026-Q3
  as_of INTEGER NOT NULL,               -- the moment for which it speaks
  size INTEGER NOT NULL,                -- head that it stands on: leaves
  root BLOB NOT NULL,                   -- and root
  report_id TEXT NOT NULL,              -- its id
  report BLOB NOT NULL,                 -- SHA-256 of report.json
  statement BLOB NOT NULL,              -- SHA-256 of statement.jws
  signer TEXT NOT NULL,                 -- subject of the signer's certificate
  certificate BLOB NOT NULL,            -- its SHA-256
  valid_from INTEGER NOT NULL,          -- since when it is valid
  valid_to INTEGER NOT NULL             -- until when, not included
) STRICT;
-- where each source goes on; moves in one transaction with the items that it speaks of
CREATE TABLE cursor (
  source TEXT PRIMARY KEY,              -- name in the configuration
  value TEXT NOT NULL,                  -- the source's own words
  updated_ms INTEGER NOT NULL           -- our time
) STRICT;

-- group derived
-- how far the tables below have read the ledger
CREATE TABLE derived (
  one INTEGER PRIMARY KEY CHECK (one = 1),  -- a single row
  size INTEGER NOT NULL,                -- leaves decoded
  engine TEXT NOT NULL                  -- version that decoded them, and a digest of these tables; another program rebuilds
) STRICT;
-- items that their decoder could not read: gaps that reports show
CREATE TABLE decode_error (
  id INTEGER PRIMARY KEY,               -- row
  leaf INTEGER NOT NULL,                -- item
  source TEXT NOT NULL,                 -- of the item
  reason TEXT NOT NULL                  -- the decoder's words
) STRICT;
CREATE INDEX decode_error_leaf ON decode_error (leaf);
-- every item in short, for reports: what it is, from whom, when
CREATE TABLE item_note (
  leaf INTEGER PRIMARY KEY,             -- item
  hash TEXT NOT NULL,                   -- leaf hash, hex
  kind TEXT NOT NULL,                   -- kind of the record; erased, missing, damaged when there is none to read
  source TEXT NOT NULL,                 -- source
  decoder TEXT NOT NULL,                -- decoder
  asked TEXT NOT NULL,                  -- what was asked
  received_ms INTEGER NOT NULL,         -- when it reached us
  parts INTEGER NOT NULL,               -- number of parts
  ledger_ms INTEGER NOT NULL DEFAULT 0, -- ledger time: received_ms, but never before that of an earlier leaf
  server_ms INTEGER,                    -- the server's time in a live answer; NULL: it told none
  lost INTEGER NOT NULL DEFAULT 0       -- 1: erased, missing or damaged, so what its source covered is in doubt; 2: and nobody knows whose it was
) STRICT;
CREATE INDEX item_note_source ON item_note (source, kind);
CREATE INDEX item_note_lost ON item_note (leaf) WHERE lost = 1;
-- time-stamps over signed heads of this ledger, as their tokens claim; verify says whether the authorities are to be believed
CREATE TABLE anchor (
  leaf INTEGER PRIMARY KEY,             -- item
  size INTEGER NOT NULL,                -- leaves of the head
  root TEXT NOT NULL,                   -- its root, hex
  note_sha256 TEXT NOT NULL,            -- SHA-256 of its signed note, hex: what was stamped
  time_ms INTEGER,                      -- the token's time; NULL: the authorities gave none
  authority TEXT NOT NULL,              -- who was asked
  reason TEXT,                          -- why there is none
  part INTEGER NOT NULL                 -- part of the item
) STRICT;
-- what was seen, and how surely
CREATE TABLE coverage (
  id INTEGER PRIMARY KEY,               -- row, in ledger order: a later statement about the same source overrules
  source TEXT NOT NULL,                 -- name in the configuration
  evidence TEXT NOT NULL,               -- zone-changes, zone-claims, zone-transfers, account-events, ct-log
  scope TEXT NOT NULL,                  -- zone, account, log
  watch TEXT,                           -- digest of the watched names, ct-log only
  t_from INTEGER NOT NULL,              -- from
  t_to INTEGER NOT NULL,                -- until, not included
  grade INTEGER NOT NULL,               -- 0 gap, 1 sampled, 2 asserted, 3 proven
  reason TEXT,                          -- why it is a gap, or how it is known
  provider_count INTEGER,               -- records that the provider says there are
  stored_count INTEGER,                 -- records that we stored
  lag_ms INTEGER NOT NULL,              -- how late the source may tell
  leaf INTEGER NOT NULL,                -- item that says so
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX coverage_scope ON coverage (evidence, scope, grade);
-- what a CT reading looked for
CREATE TABLE watch (
  digest TEXT NOT NULL,                 -- SHA-256 over the sorted names, each with LF
  name TEXT NOT NULL,                   -- a name and everything below; "=name": it alone; "~name": what looks like it; or a range of addresses
  leaf INTEGER NOT NULL,                -- item that lists them
  PRIMARY KEY (digest, name)
) STRICT;

-- group accounts
-- one vocabulary of events for all providers
CREATE TABLE event (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- name in the configuration
  account TEXT NOT NULL,                -- account at the provider
  action TEXT NOT NULL,                 -- our verb, e.g. transfer-lock.remove; other.* when not mapped
  raw_action TEXT,                      -- the provider's word
  domain TEXT,                          -- domain or zone concerned, canonical
  object_kind TEXT,                     -- domain, record, token, member, zone, ...
  object TEXT,                          -- what was touched
  actor_kind TEXT,                      -- person, credential, provider, system, unknown
  actor TEXT,                           -- who, as the provider names them
  credential TEXT,                      -- id of the key or token used
  origin TEXT,                          -- address
  channel TEXT,                         -- api, ui, ...
  mfa TEXT,                             -- yes, no, NULL not stated
  before_value TEXT,                    -- value before
  after_value TEXT,                     -- value after
  outcome TEXT NOT NULL,                -- success, failure, unknown
  provider_ref TEXT NOT NULL,           -- the provider's own id of the record; "#" and the leaf behind it: told again with other content
  record_kind TEXT NOT NULL,            -- log, job, state-difference, public
  t_from INTEGER NOT NULL,              -- happened not before
  t_to INTEGER NOT NULL,                -- happened before
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (source, provider_ref)
) STRICT;
CREATE INDEX event_action ON event (action, domain, t_from);
-- domains as registries, registrars and providers told them; one row for each state, not for each look
CREATE TABLE domain_state (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who told
  domain TEXT NOT NULL,                 -- canonical
  view TEXT NOT NULL,                   -- registry, registrar, provider; before, after: half of a change that a registry announced
  change_ref TEXT,                      -- that change; NULL: a look
  account TEXT,                         -- account at the provider
  registrar TEXT,                       -- sponsor, by name
  registrar_id TEXT,                    -- sponsor, by IANA number or client id
  roid TEXT,                            -- repository object id
  statuses TEXT,                        -- EPP names, sorted, with blanks between; NULL not stated
  name_servers TEXT,                    -- names, sorted, with blanks between; NULL not stated
  ds TEXT,                              -- DS data, sorted, with '; ' between; NULL not stated
  contacts TEXT,                        -- role=digest of what is told of it, sorted; NULL not stated
  transfer_lock INTEGER,                -- 1 on, 0 off, NULL not stated
  registry_lock INTEGER,                -- 1 on, 0 off, NULL not stated
  auto_renew INTEGER,                   -- 1 on, 0 off, NULL not stated
  privacy INTEGER,                      -- 1 on, 0 off, NULL not stated
  auth_code INTEGER,                    -- 1 a transfer code is set, 0 none, NULL not stated
  withheld TEXT NOT NULL,               -- fields that the server withholds, with blanks between
  created_ms INTEGER,                   -- registered
  updated_ms INTEGER,                   -- last changed
  transferred_ms INTEGER,               -- last transferred
  expires_ms INTEGER,                   -- registry expiry
  registrar_expires_ms INTEGER,         -- registrar's expiry
  data_ms INTEGER,                      -- age of the answer as the server says
  first_ms INTEGER NOT NULL,            -- first seen so
  seen_ms INTEGER NOT NULL,             -- last seen so
  leaf INTEGER NOT NULL,                -- item that first said so
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX domain_state_domain ON domain_state (domain, seen_ms);
CREATE INDEX domain_state_last ON domain_state (source, domain, view, change_ref, seen_ms);
-- contacts in those states, what was told of them
CREATE TABLE domain_contact (
  state_id INTEGER NOT NULL,            -- domain_state
  role TEXT NOT NULL,                   -- registrant, admin, tech, billing, abuse
  handle TEXT,                          -- handle
  name TEXT,                            -- name or organisation
  email TEXT,                           -- address
  withheld INTEGER NOT NULL,            -- 1: the server withholds it
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX domain_contact_state ON domain_contact (state_id);
-- lists of credentials and members that were looked at: what is new in a list needs a list before
CREATE TABLE account_look (
  source TEXT NOT NULL,                 -- who told
  account TEXT NOT NULL,                -- account at the provider
  kind TEXT NOT NULL,                   -- credential, member
  first_ms INTEGER NOT NULL,            -- first look
  seen_ms INTEGER NOT NULL,             -- last look
  PRIMARY KEY (source, account, kind)
) STRICT;
-- credentials as providers list them; one row for each state
CREATE TABLE credential_state (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who told
  account TEXT NOT NULL,                -- account at the provider
  credential TEXT NOT NULL,             -- the provider's id; never the secret
  kind TEXT NOT NULL,                   -- api-token, api-key, access-key, service-account, tsig-key
  name TEXT,                            -- name given to it
  owner TEXT,                           -- member it belongs to
  status TEXT,                          -- active, disabled, ...
  scopes TEXT,                          -- permissions, sorted; NULL not stated
  limits TEXT,                          -- addresses and the like; NULL not stated
  created_ms INTEGER,                   -- made
  expires_ms INTEGER,                   -- ends; open end: never; NULL not stated
  used_ms INTEGER,                      -- last used, as the provider says at seen_ms
  rotated_ms INTEGER,                   -- secret last changed
  first_ms INTEGER NOT NULL,            -- first seen so
  seen_ms INTEGER NOT NULL,             -- last seen so
  gone_ms INTEGER,                      -- seen no more in a full list
  leaf INTEGER NOT NULL,                -- item that first said so
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX credential_state_last ON credential_state (source, account, credential, seen_ms);
CREATE INDEX credential_state_credential ON credential_state (credential, seen_ms);
-- members as providers list them; one row for each state
CREATE TABLE member_state (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who told
  account TEXT NOT NULL,                -- account at the provider
  member TEXT NOT NULL,                 -- the provider's id
  name TEXT,                            -- name
  email TEXT,                           -- address
  roles TEXT,                           -- sorted; NULL not stated
  status TEXT,                          -- active, invited, ...
  mfa INTEGER,                          -- 1 on, 0 off, NULL not stated
  login_ms INTEGER,                     -- last login, as the provider says at seen_ms
  first_ms INTEGER NOT NULL,            -- first seen so
  seen_ms INTEGER NOT NULL,             -- last seen so
  gone_ms INTEGER,                      -- seen no more in a full list
  leaf INTEGER NOT NULL,                -- item that first said so
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX member_state_last ON member_state (source, account, member, seen_ms);

-- group zones
-- where each zone stands, as a server told it
CREATE TABLE zone (
  name TEXT PRIMARY KEY,                -- apex
  source TEXT NOT NULL,                 -- who told
  serial INTEGER NOT NULL,              -- newest serial seen; -1: the chain broke and the content is not known since seen_ms, or none was told
  seen_ms INTEGER NOT NULL,             -- when; 0: its first journal is not read to the end yet
  content_ms INTEGER NOT NULL DEFAULT 0,  -- when the whole content was last compared: a serial alone does not prove it
  lost INTEGER NOT NULL DEFAULT 0,      -- 1: an answer since content_ms was erased, or is missing or damaged
  partial INTEGER NOT NULL DEFAULT 0,   -- 1: never seen whole: only what differences said of it is known
  first_ms INTEGER NOT NULL,            -- first seen
  leaf INTEGER NOT NULL,                -- item of the newest answer
  part INTEGER NOT NULL                 -- part of it
) STRICT;
-- effects: serial A to B; the interval is from the last look until this one unless a claim says more
CREATE TABLE change (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who told
  zone TEXT NOT NULL,                   -- apex
  serial_from INTEGER NOT NULL,         -- SOA before; -1: not known, the chain was broken
  serial_to INTEGER NOT NULL,           -- SOA after
  kind TEXT NOT NULL,                   -- difference (IXFR, journal), comparison (two whole contents), content (of a list without serials)
  merged TEXT,                          -- why steps between are lost, in words; NULL: not known that any is
  t_from INTEGER NOT NULL,              -- last time the old state was seen; 0: before the zone was first looked at
  t_to INTEGER NOT NULL,                -- first time the new state was seen, + 1
  anomalies INTEGER NOT NULL,           -- adds of present and deletes of absent records
  seq INTEGER NOT NULL,                 -- order within the item
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX change_zone ON change (zone, t_from);
CREATE INDEX change_serial ON change (zone, serial_from, serial_to);
-- the records of an effect; no SOA, and not what a server makes from the rest (RRSIG, NSEC, NSEC3, NSEC3PARAM, ZONEMD, BIND's TYPE65534)
CREATE TABLE change_record (
  id INTEGER PRIMARY KEY,               -- row
  change_id INTEGER NOT NULL,           -- change
  zone TEXT NOT NULL,                   -- apex
  owner TEXT NOT NULL,                  -- canonical
  type TEXT NOT NULL,                   -- TXT, NS, ...
  op TEXT NOT NULL,                     -- add, del
  ttl INTEGER NOT NULL,                 -- seconds
  rdata TEXT NOT NULL,                  -- canonical text
  t_from INTEGER NOT NULL,              -- as change, narrowed by the join (change_time)
  t_to INTEGER NOT NULL,                -- as change
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX change_record_owner ON change_record (owner, type, t_from);
CREATE INDEX change_record_change ON change_record (change_id);
CREATE INDEX change_record_caa ON change_record (zone) WHERE type = 'CAA';
-- content over time
CREATE TABLE record (
  id INTEGER PRIMARY KEY,               -- row
  zone TEXT NOT NULL,                   -- apex
  owner TEXT NOT NULL,                  -- canonical
  type TEXT NOT NULL,                   -- TXT, NS, ...
  ttl INTEGER NOT NULL,                 -- seconds
  rdata TEXT NOT NULL,                  -- canonical text
  valid_from INTEGER NOT NULL,          -- first time it can have been there (first look: when seen)
  valid_to INTEGER NOT NULL,            -- gone by then; open end while present
  at_start INTEGER NOT NULL,            -- 1: was there at the first look, so it is older than valid_from
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX record_owner ON record (owner, type, valid_from);
CREATE INDEX record_zone ON record (zone, valid_to);
CREATE INDEX record_caa ON record (zone) WHERE type = 'CAA';
CREATE INDEX record_present ON record (zone, owner, type, rdata) WHERE valid_to = 9223372036854775807;
-- claims: who says they did it
CREATE TABLE claim (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- log
  zone TEXT NOT NULL,                   -- apex
  credential TEXT,                      -- key that verified; NULL none
  claimed TEXT,                         -- key name in a bad signature: claimed only
  client TEXT,                          -- address and port
  outcome TEXT NOT NULL,                -- applied, no-change, failed, refused, denied, bad-signature, prerequisite, planned, unanswered
  kind TEXT NOT NULL,                   -- log, dnstap, audit-event, api-comment, commit, plan, transfer
  actor TEXT,                           -- person or account that the source names beside the credential
  mac TEXT,                             -- dnstap: verified, failed, not-checked; NULL: no signature was seen
  serial_from INTEGER,                  -- transition that the log gives; NULL: it gives none
  serial_to INTEGER,                    -- transition that the log gives
  ref TEXT NOT NULL,                    -- natural key
  t_from INTEGER NOT NULL,              -- logged not before
  t_to INTEGER NOT NULL,                -- logged before
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (source, ref)
) STRICT;
CREATE INDEX claim_zone ON claim (zone, t_from);
-- what a claim names
CREATE TABLE claim_record (
  id INTEGER PRIMARY KEY,               -- row
  claim_id INTEGER NOT NULL,            -- claim
  zone TEXT NOT NULL,                   -- apex
  owner TEXT NOT NULL,                  -- canonical
  type TEXT,                            -- NULL: all types at the owner
  op TEXT NOT NULL,                     -- add, del
  rdata TEXT,                           -- NULL: the log does not say
  ttl INTEGER,                          -- of an add; NULL: the log does not say
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX claim_record_claim ON claim_record (claim_id);

-- what zones are meant to hold: files, commits, a tool's output; never taken for what was served
CREATE TABLE declared_record (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who declares
  form TEXT NOT NULL,                   -- zone-file, git, octodns, dnscontrol
  ref TEXT NOT NULL,                    -- commit or file that first said so
  zone TEXT NOT NULL,                   -- apex
  owner TEXT NOT NULL,                  -- canonical
  type TEXT NOT NULL,                   -- TXT, NS, ...
  ttl INTEGER NOT NULL,                 -- seconds
  rdata TEXT NOT NULL,                  -- canonical text
  valid_from INTEGER NOT NULL,          -- declared since
  valid_to INTEGER NOT NULL,            -- until; open end while it is
  seen_leaf INTEGER NOT NULL,           -- item that said so last
  leaf INTEGER NOT NULL,                -- item that first said so
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX declared_record_owner ON declared_record (owner, type, valid_from);
CREATE UNIQUE INDEX declared_record_present ON declared_record (source, zone, owner, type, rdata, ttl) WHERE valid_to = 9223372036854775807;
-- what credentials may do, as servers and providers grant it
CREATE TABLE credential_grant (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who told
  scope TEXT NOT NULL,                  -- zone or account
  credential TEXT NOT NULL,             -- key name, token id; '' anybody
  owner TEXT NOT NULL,                  -- exact name, '*.x' for everything below x, '*' for all
  suffix TEXT NOT NULL,                 -- '.x' for '*.x', else ''
  type TEXT NOT NULL,                   -- record type, or '*'
  action TEXT NOT NULL,                 -- update, transfer, query, or a provider's permission
  condition TEXT NOT NULL,              -- what else must hold, in words; '' nothing
  raw TEXT NOT NULL,                    -- as it stands there
  valid_from INTEGER NOT NULL,          -- granted since, as far as we know
  valid_to INTEGER NOT NULL,            -- until; open end while it is
  seen_leaf INTEGER NOT NULL,           -- item that said so last
  leaf INTEGER NOT NULL,                -- item that first said so
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX credential_grant_credential ON credential_grant (credential, valid_from);
CREATE UNIQUE INDEX credential_grant_present ON credential_grant (source, scope, credential, owner, type, action, condition, raw) WHERE valid_to = 9223372036854775807;

-- group live
-- questions to servers and what came of them, from recorded packets
CREATE TABLE dns_answer (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who asked
  purpose TEXT NOT NULL,                -- soa, ns, ds, dnskey, caa, challenge, glue, open-transfer, chain, target, ...
  zone TEXT NOT NULL,                   -- zone it is about
  server TEXT NOT NULL,                 -- name of the server asked
  address TEXT NOT NULL,                -- its address
  qname TEXT NOT NULL,                  -- name asked for
  qtype TEXT NOT NULL,                  -- type asked for
  outcome TEXT NOT NULL,                -- NOERROR, NXDOMAIN, REFUSED, ...; timeout, unreachable, malformed
  aa INTEGER NOT NULL,                  -- 1: authoritative
  tc INTEGER NOT NULL,                  -- 1: cut short
  ra INTEGER NOT NULL,                  -- 1: recursion offered
  ad INTEGER NOT NULL,                  -- 1: the server says that it validated
  t INTEGER NOT NULL,                   -- when
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX dns_answer_zone ON dns_answer (zone, purpose, t);
CREATE INDEX dns_answer_qname ON dns_answer (qname, qtype, t);
-- records of those answers
CREATE TABLE dns_answer_record (
  id INTEGER PRIMARY KEY,               -- row
  answer_id INTEGER NOT NULL,           -- dns_answer
  section TEXT NOT NULL,                -- answer, authority, additional
  owner TEXT NOT NULL,                  -- canonical
  type TEXT NOT NULL,                   -- NS, DS, ...
  ttl INTEGER NOT NULL,                 -- seconds
  rdata TEXT NOT NULL,                  -- canonical text
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX dns_answer_record_answer ON dns_answer_record (answer_id);
-- verdicts of validators at the time of the observation
CREATE TABLE dnssec_verdict (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who asked
  zone TEXT NOT NULL,                   -- zone
  name TEXT NOT NULL,                   -- name validated
  type TEXT NOT NULL,                   -- type validated
  server TEXT NOT NULL,                 -- server whose answers; '' a resolver's
  validator TEXT NOT NULL,              -- affidavit, libunbound
  state TEXT NOT NULL,                  -- secure, insecure, bogus, indeterminate
  reason TEXT NOT NULL,                 -- why
  algorithm TEXT NOT NULL,              -- of the keys on the way, numbers with blanks between
  expires_ms INTEGER,                   -- first end of a signature of the zone itself on the way
  t INTEGER NOT NULL,                   -- when
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX dnssec_verdict_zone ON dnssec_verdict (zone, t);
-- TLS end points as they presented themselves
CREATE TABLE endpoint (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who asked
  host TEXT NOT NULL,                   -- name asked for
  address TEXT NOT NULL,                -- address that answered
  port INTEGER NOT NULL,                -- TCP port
  protocol TEXT NOT NULL,               -- TLSv1.3, ...; '' none
  outcome TEXT NOT NULL,                -- presented, refused, timeout, handshake-failed
  reason TEXT NOT NULL,                 -- why it was not presented
  cert_sha256 TEXT,                     -- of the whole certificate, hex
  tbs_key TEXT,                         -- as in certificate
  serial TEXT,                          -- hex
  issuer TEXT,                          -- name in one line
  issuer_key_hash TEXT,                 -- hex
  spki_sha256 TEXT,                     -- hex
  not_before INTEGER,                   -- validity from
  not_after INTEGER,                    -- validity to
  name_match INTEGER NOT NULL,          -- 1: the host stands in the certificate
  chain_ok INTEGER NOT NULL,            -- 1: signed up to a root of the store
  chain_reason TEXT NOT NULL,           -- why not
  t INTEGER NOT NULL,                   -- when
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX endpoint_host ON endpoint (host, t);
CREATE INDEX endpoint_tbs ON endpoint (tbs_key);
-- names in presented certificates
CREATE TABLE endpoint_name (
  endpoint_id INTEGER NOT NULL,         -- endpoint
  name TEXT NOT NULL,                   -- canonical
  kind TEXT NOT NULL,                   -- dns, ip, cn
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  PRIMARY KEY (endpoint_id, kind, name)
) STRICT;
-- anything counted or read that no other table tells
CREATE TABLE observation (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who told
  kind TEXT NOT NULL,                   -- dns-counter, server-setting, ...
  subject TEXT NOT NULL,                -- zone, server, ...
  name TEXT NOT NULL,                   -- counter or setting
  value TEXT NOT NULL,                  -- as text
  number INTEGER,                       -- as a number
  t_from INTEGER NOT NULL,              -- not before
  t_to INTEGER NOT NULL,                -- before
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (source, kind, subject, name, t_from, t_to, value)
) STRICT;
CREATE INDEX observation_subject ON observation (kind, subject, name, t_from);

-- group certificates
-- who asked for certificates: logs of ACME clients, lists of private authorities
CREATE TABLE issuance_request (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who told
  client TEXT NOT NULL,                 -- certbot, lego, cert-manager, list
  ref TEXT NOT NULL,                    -- natural key
  account TEXT,                         -- ACME account
  challenge TEXT,                       -- dns-01, http-01, ...
  outcome TEXT NOT NULL,                -- requested, issued, failed, renewed, revoked
  reason TEXT NOT NULL,                 -- why it failed
  serial TEXT,                          -- of the certificate, hex
  cert_sha256 TEXT,                     -- of the certificate, hex
  tbs_key TEXT,                         -- as in certificate
  t_from INTEGER NOT NULL,              -- not before
  t_to INTEGER NOT NULL,                -- before
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (source, ref)
) STRICT;
CREATE INDEX issuance_request_tbs ON issuance_request (tbs_key);
CREATE INDEX issuance_request_serial ON issuance_request (serial);
-- names asked for
CREATE TABLE issuance_name (
  request_id INTEGER NOT NULL,          -- issuance_request
  name TEXT NOT NULL,                   -- canonical
  base TEXT NOT NULL,                   -- without "*."
  wildcard INTEGER NOT NULL,            -- 1: "*." was there
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  PRIMARY KEY (request_id, name)
) STRICT;
CREATE INDEX issuance_name_base ON issuance_name (base);
-- certificates that we hold or run, logged or not
CREATE TABLE held_certificate (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who told
  place TEXT NOT NULL,                  -- file or secret it lies in
  owner TEXT,                           -- person or team
  purpose TEXT,                         -- in words
  cert_sha256 TEXT NOT NULL,            -- of the whole certificate, hex
  tbs_key TEXT NOT NULL,                -- as in certificate
  serial TEXT NOT NULL,                 -- hex
  issuer TEXT NOT NULL,                 -- name in one line
  issuer_key_hash TEXT NOT NULL,        -- hex, '' when not known
  spki_sha256 TEXT NOT NULL,            -- hex
  not_before INTEGER NOT NULL,          -- validity from
  not_after INTEGER NOT NULL,           -- validity to
  first_ms INTEGER NOT NULL,            -- first seen there
  seen_ms INTEGER NOT NULL,             -- last seen there
  leaf INTEGER NOT NULL,                -- item that first said so
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (source, place, cert_sha256)
) STRICT;
CREATE INDEX held_certificate_tbs ON held_certificate (tbs_key);
-- names in them
CREATE TABLE held_name (
  held_id INTEGER NOT NULL,             -- held_certificate
  name TEXT NOT NULL,                   -- canonical
  base TEXT NOT NULL,                   -- without "*."
  wildcard INTEGER NOT NULL,            -- 1: "*." was there
  kind TEXT NOT NULL,                   -- dns, ip, cn
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  PRIMARY KEY (held_id, kind, name)
) STRICT;
CREATE INDEX held_name_base ON held_name (base);
-- one row per issuance: precertificate and certificate share the TBS key
CREATE TABLE certificate (
  id INTEGER PRIMARY KEY,               -- row
  tbs_key TEXT NOT NULL UNIQUE,         -- SHA-256 of TBS without poison and SCT list, hex
  serial TEXT NOT NULL,                 -- hex
  issuer TEXT NOT NULL,                 -- name in one line
  issuer_key_hash TEXT NOT NULL,        -- SHA-256 of the issuer's SPKI, hex; '' unknown
  spki_sha256 TEXT NOT NULL,            -- SHA-256 of the subject's SPKI, hex
  key_algorithm TEXT,                   -- rsa, ecdsa, ed25519, ed448, other; NULL not read
  key_bits INTEGER,                     -- of its modulus or curve; NULL not read
  signature_algorithm TEXT,             -- sha256-rsa, sha384-ecdsa, sha1-rsa, ... , or the OID; NULL not read
  not_before INTEGER NOT NULL,          -- validity, first instant
  not_after INTEGER NOT NULL,           -- validity, last instant
  logged_ms INTEGER NOT NULL,           -- earliest log timestamp: when it was issued, as far as logs tell
  has_precert INTEGER NOT NULL,         -- 1: a precertificate entry was seen
  has_final INTEGER NOT NULL,           -- 1: a final certificate entry was seen
  policies TEXT NOT NULL DEFAULT '',    -- OIDs of the policies it was issued under, blanks between
  scts INTEGER,                         -- SCTs inside the final certificate; NULL: only the precertificate was seen
  leaf INTEGER NOT NULL,                -- item of the earliest entry
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX certificate_logged ON certificate (logged_ms);
-- names of an issuance that the inventory watches or that stand beside them
CREATE TABLE certificate_name (
  id INTEGER PRIMARY KEY,               -- row
  certificate_id INTEGER NOT NULL,      -- certificate
  name TEXT NOT NULL,                   -- as in the certificate, canonical
  base TEXT NOT NULL,                   -- without "*."
  wildcard INTEGER NOT NULL,            -- 1: "*." was there
  kind TEXT NOT NULL,                   -- dns, ip, cn
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (certificate_id, kind, name)
) STRICT;
CREATE INDEX certificate_name_base ON certificate_name (base);
-- promises of logs inside a final certificate
CREATE TABLE certificate_sct (
  id INTEGER PRIMARY KEY,               -- row
  certificate_id INTEGER NOT NULL,      -- certificate
  log_id TEXT NOT NULL,                 -- SHA-256 of the log's key, hex
  timestamp INTEGER NOT NULL,           -- the log's time
  entry_index INTEGER,                  -- where the log put it; NULL: not stated (RFC 6962)
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (certificate_id, log_id, timestamp)
) STRICT;
-- where a certificate says that its revocation is published
CREATE TABLE certificate_url (
  certificate_id INTEGER NOT NULL,      -- certificate
  kind TEXT NOT NULL,                   -- crl, ocsp, issuer
  url TEXT NOT NULL,                    -- as it stands there
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  PRIMARY KEY (certificate_id, kind, url)
) STRICT;
-- where an issuance was logged
CREATE TABLE log_entry (
  id INTEGER PRIMARY KEY,               -- row
  log TEXT NOT NULL,                    -- origin
  entry_index INTEGER NOT NULL,         -- position in the log
  certificate_id INTEGER NOT NULL,      -- certificate
  precert INTEGER NOT NULL,             -- 1: precertificate entry
  logged_ms INTEGER NOT NULL,           -- the log's timestamp
  proven INTEGER NOT NULL,              -- 1: inclusion proven to a verified head
  chain TEXT,                           -- what was sent along with the leaf: '' belongs to it, else why not; NULL: nothing was
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (log, entry_index)
) STRICT;
-- log entries that nobody could parse: they could match
CREATE TABLE unparsed_entry (
  id INTEGER PRIMARY KEY,               -- row
  log TEXT NOT NULL,                    -- origin
  entry_index INTEGER NOT NULL,         -- position
  reason TEXT NOT NULL,                 -- why
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (log, entry_index)
) STRICT;
-- verified tree heads of logs
CREATE TABLE ct_head (
  id INTEGER PRIMARY KEY,               -- row
  log TEXT NOT NULL,                    -- origin
  size INTEGER NOT NULL,                -- entries
  root TEXT NOT NULL,                   -- hex
  timestamp INTEGER NOT NULL,           -- the log's time
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
-- signatures under heads besides the log's own
CREATE TABLE ct_signature (
  id INTEGER PRIMARY KEY,               -- row
  log TEXT NOT NULL,                    -- origin
  size INTEGER NOT NULL,                -- entries in the head
  name TEXT NOT NULL,                   -- of the key
  type INTEGER NOT NULL,                -- 4 witness cosignature, 6 ML-DSA cosignature, 1 Ed25519; -1 not known
  state TEXT NOT NULL,                  -- verified, false (by a key that we were given), unknown, unreadable
  signed_ms INTEGER,                    -- the witness's time
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX ct_signature_log ON ct_signature (log, size);
-- ranges of logs that were read and verified
CREATE TABLE ct_range (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who read it
  log TEXT NOT NULL,                    -- origin
  from_index INTEGER NOT NULL,          -- first entry
  to_index INTEGER NOT NULL,            -- behind the last entry
  hits INTEGER NOT NULL,                -- entries kept because of a name
  unparsable INTEGER NOT NULL,          -- entries kept because they could match
  head_size INTEGER NOT NULL,           -- head that it was verified against
  head_ms INTEGER NOT NULL,             -- time of that head
  watch TEXT NOT NULL,                  -- digest of the watched names
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX ct_range_log ON ct_range (log, to_index);
-- what a log did that a log may never do
CREATE TABLE ct_incident (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who saw it
  log TEXT NOT NULL,                    -- origin
  kind TEXT NOT NULL,                   -- fork, rollback, future, frozen, head, root, entry, hashes, consistency, final
  reason TEXT NOT NULL,                 -- in words
  lasting INTEGER NOT NULL,             -- 1: no later answer makes it good
  proven INTEGER NOT NULL,              -- 1: two heads in the item, both signed by the log, contradict each other
  seen_ms INTEGER NOT NULL,             -- our time
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX ct_incident_log ON ct_incident (log, seen_ms);
-- what search services say was logged: no proof of anything until a log shows it (search_certificate)
CREATE TABLE search_result (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- name in the configuration
  provider TEXT NOT NULL,               -- crt.sh, sslmate
  ref TEXT NOT NULL,                    -- the service's own id
  tbs_sha256 TEXT NOT NULL,             -- SHA-256 of TBS without poison and SCT list, hex; '' not told
  serial TEXT NOT NULL,                 -- hex; '' not told
  issuer TEXT NOT NULL,                 -- name in one line, as in certificate
  not_before INTEGER NOT NULL,          -- validity, first instant
  not_after INTEGER NOT NULL,           -- validity, last instant
  logged_ms INTEGER,                    -- when the service says it was logged; NULL: not told
  leaf INTEGER NOT NULL,                -- item that first said so
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (source, ref, tbs_sha256, serial, issuer, not_before, not_after)
) STRICT;
CREATE INDEX search_result_tbs ON search_result (tbs_sha256);
CREATE INDEX search_result_serial ON search_result (serial);
-- their names
CREATE TABLE search_name (
  id INTEGER PRIMARY KEY,               -- row
  result_id INTEGER NOT NULL,           -- search_result
  name TEXT NOT NULL,                   -- canonical
  base TEXT NOT NULL,                   -- without "*."
  wildcard INTEGER NOT NULL,            -- 1: "*." was there
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (result_id, name)
) STRICT;
-- promises of logs inside the certificates that came along: where a log would show it
CREATE TABLE search_sct (
  id INTEGER PRIMARY KEY,               -- row
  result_id INTEGER NOT NULL,           -- search_result
  log_id TEXT NOT NULL,                 -- SHA-256 of the log's key, hex
  timestamp INTEGER NOT NULL,           -- the log's time
  entry_index INTEGER,                  -- where the log put it; NULL: not stated (RFC 6962)
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL,                -- part of it
  UNIQUE (result_id, log_id, timestamp)
) STRICT;
-- versions of the list of logs
CREATE TABLE ct_list (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- name in the configuration
  list TEXT NOT NULL,                   -- where it came from
  version TEXT NOT NULL,                -- as it calls itself
  timestamp INTEGER NOT NULL,           -- the list's time
  logs INTEGER NOT NULL,                -- logs in it
  sha256 TEXT NOT NULL,                 -- of its bytes, hex
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
-- logs as the newest list has them
CREATE TABLE ct_log (
  id INTEGER PRIMARY KEY,               -- row
  list_source TEXT NOT NULL,            -- source of the list
  source TEXT NOT NULL,                 -- name under which the log is read
  log_id TEXT NOT NULL,                 -- SHA-256 of its key, hex
  log TEXT NOT NULL,                    -- origin
  description TEXT NOT NULL,            -- in words
  operator TEXT NOT NULL,               -- who runs it
  kind TEXT NOT NULL,                   -- static-ct, rfc6962
  url TEXT NOT NULL,                    -- where it is read
  state TEXT NOT NULL,                  -- pending, qualified, usable, readonly, retired, rejected, unstated
  state_ms INTEGER,                     -- since when
  mmd_ms INTEGER NOT NULL,              -- maximum merge delay
  from_ms INTEGER,                      -- notAfter of its certificates, first
  to_ms INTEGER,                        -- notAfter of its certificates, before
  expected_to INTEGER,                  -- until when it is expected; NULL: never
  left_out TEXT,                        -- why it is not read; NULL: it is
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX ct_log_log ON ct_log (log);
CREATE INDEX ct_log_id ON ct_log (log_id);

-- revocation lists and answers as authorities gave them
CREATE TABLE crl (
  id INTEGER PRIMARY KEY,               -- row
  source TEXT NOT NULL,                 -- who asked
  method TEXT NOT NULL,                 -- crl, ocsp
  url TEXT NOT NULL,                    -- where it is published
  issuer_key_hash TEXT NOT NULL,        -- as in certificate: whose signature verified; '' none did
  this_update INTEGER NOT NULL,         -- as it says
  next_update INTEGER,                  -- as it says; NULL not stated
  entries INTEGER NOT NULL,             -- revoked certificates in it
  t INTEGER NOT NULL,                   -- when it was asked for
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX crl_issuer ON crl (issuer_key_hash, t);
-- what those say of certificates that we know, whether they are in the lists or not
CREATE TABLE revocation (
  id INTEGER PRIMARY KEY,               -- row
  crl_id INTEGER NOT NULL,              -- crl
  issuer_key_hash TEXT NOT NULL,        -- as in certificate
  serial TEXT NOT NULL,                 -- hex, as in certificate
  state TEXT NOT NULL,                  -- good (looked up, not listed), revoked, unknown
  revoked_ms INTEGER,                   -- when, as the authority says
  reason TEXT,                          -- keyCompromise, superseded, ... (RFC 5280, 5.3.1); NULL not stated
  t INTEGER NOT NULL,                   -- when it was asked for
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX revocation_serial ON revocation (serial, issuer_key_hash, t);

-- group inventory
-- what the user's files say; recorded_at: ledger time at which this content first stood there
CREATE TABLE setting (
  name TEXT PRIMARY KEY,                -- organisation, classification, contact, ...
  value TEXT NOT NULL,                  -- as text
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- sources of the configuration; one that was configured stays expected until it is retired with a reason
CREATE TABLE source (
  name TEXT PRIMARY KEY,                -- name in the configuration
  kind TEXT NOT NULL,                   -- provider kind
  evidence TEXT NOT NULL,               -- what it tells
  scopes TEXT NOT NULL,                 -- what it is asked to cover: names with blanks between
  basis TEXT NOT NULL,                  -- tested on ...
  lag_ms INTEGER NOT NULL,              -- how late it may tell
  configured INTEGER NOT NULL,          -- 1 in the newest configuration, 0 dropped from it
  retired_ms INTEGER,                   -- from when it is not expected any more
  retired_reason TEXT,                  -- the user's reason
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- one row per source and scope, from source.scopes; what was once expected stays until its source is retired
CREATE TABLE source_scope (
  source TEXT NOT NULL,                 -- source
  evidence TEXT NOT NULL,               -- what it tells
  scope TEXT NOT NULL,                  -- zone, account or log
  retired_ms INTEGER NOT NULL,          -- not expected from then on; open end while expected
  lag_ms INTEGER NOT NULL,              -- how late it may tell
  PRIMARY KEY (source, evidence, scope)
) STRICT;
-- sources that a list of logs brought, not the configuration
CREATE TABLE listed_source (
  source TEXT PRIMARY KEY,              -- source
  list_source TEXT NOT NULL,            -- source of the list
  operator TEXT NOT NULL                -- who runs it
) STRICT;
-- names in scope and not
CREATE TABLE domain (
  name TEXT PRIMARY KEY,                -- canonical; it and everything below
  zone TEXT,                            -- zone that holds it; NULL: not hosted by us
  account TEXT,                         -- provider account that holds it
  owner TEXT,                           -- person or team; NULL or 'unknown': nobody
  in_scope INTEGER NOT NULL,            -- 1 yes
  reason TEXT,                          -- why not in scope
  exact INTEGER NOT NULL DEFAULT 0,     -- 1: the name alone, nothing below it
  lookalike INTEGER NOT NULL DEFAULT 0, -- 1: certificates for names that look like it are looked for
  tier TEXT,                            -- critical, high, normal, low; NULL not stated
  environment TEXT,                     -- environment; NULL: that of its names (environment_name), or not stated
  registrar TEXT,                       -- registrar that should sponsor it: its IANA number or name; NULL not stated
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- addresses that belong to a domain: certificates for them are the domain's
CREATE TABLE domain_address (
  domain TEXT NOT NULL,                 -- domain
  prefix TEXT NOT NULL,                 -- range, e.g. 192.0.2.0/24
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL,        -- part of it
  PRIMARY KEY (domain, prefix)
) STRICT;
-- services that run under names, with their owners
CREATE TABLE service (
  name TEXT PRIMARY KEY,                -- service
  host TEXT NOT NULL,                   -- canonical name it serves; '*.x' allowed
  owner TEXT,                           -- person or team
  tier TEXT,                            -- critical, high, normal, low; NULL not stated
  environment TEXT,                     -- environment; NULL: that of its names, or not stated
  exposure TEXT,                        -- public, internal; NULL not stated
  renewal TEXT,                         -- automatic, manual; NULL not stated
  validation TEXT,                      -- how its names are validated: dns-01, http-01, tls-alpn-01, dns-persist-01, other; NULL not stated
  supplier TEXT,                        -- supplier that runs it or holds its certificate; NULL: we do
  retired_ms INTEGER,                   -- taken out of use at; NULL: in use
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- credentials: keys, tokens
CREATE TABLE credential (
  id TEXT PRIMARY KEY,                  -- key name, token id
  kind TEXT,                            -- tsig-key, api-token, ...
  owner TEXT,                           -- person or team
  purpose TEXT,                         -- in words
  class TEXT,                           -- privileged, standard; NULL not stated
  workload TEXT,                        -- service that uses it; NULL not stated
  environment TEXT,                     -- environment that it is for; NULL not stated
  supplier TEXT,                        -- third party that holds it; NULL: we do
  interactive INTEGER,                  -- 1: people may use it by hand; 0: machines alone; NULL not stated
  federated INTEGER,                    -- 1: short-lived, from an identity of the workload; 0: a static secret; NULL not stated
  issued_ms INTEGER,                    -- made at
  rotated_ms INTEGER,                   -- secret last changed at
  expires_ms INTEGER,                   -- ends at; open end: never; NULL not stated
  retired_ms INTEGER,                   -- out of use since; NULL: in use
  leaked_ms INTEGER,                    -- reported as leaked at; NULL: not
  leak_closed_ms INTEGER,               -- that report was closed at; NULL: it is open
  storage TEXT,                         -- where its secret is kept, in words
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- what a credential is declared to be for, all that ever stood in the inventory: one row per allowed owner and type
CREATE TABLE credential_scope (
  id INTEGER PRIMARY KEY,               -- row
  credential TEXT NOT NULL,             -- credential
  owner TEXT NOT NULL,                  -- exact name, or '*.x' for everything below x
  suffix TEXT NOT NULL,                 -- '.x' for '*.x', else ''
  type TEXT NOT NULL,                   -- record type, or '*'
  recorded_at INTEGER NOT NULL,         -- ledger time at which it first stood there
  withdrawn_at INTEGER NOT NULL,        -- ledger time at which it stood there no more; open end while it does
  leaf INTEGER NOT NULL,        -- item that first said so
  part INTEGER NOT NULL         -- part of it
) STRICT;
CREATE INDEX credential_scope_credential ON credential_scope (credential, owner, type);
-- who may issue for a name, all that ever stood in the inventory
CREATE TABLE approved_issuer (
  id INTEGER PRIMARY KEY,               -- row
  domain TEXT NOT NULL,                 -- domain of the inventory
  issuer_key_hash TEXT NOT NULL,        -- hex, or '' when named by its name
  issuer TEXT NOT NULL,                 -- name in one line, or ''
  valid_from INTEGER NOT NULL,          -- approved from
  valid_to INTEGER NOT NULL,            -- until
  recorded_at INTEGER NOT NULL,         -- ledger time at which it first stood there
  withdrawn_at INTEGER NOT NULL,        -- ledger time at which it stood there no more; open end while it does
  leaf INTEGER NOT NULL,        -- item that first said so
  part INTEGER NOT NULL         -- part of it
) STRICT;
CREATE INDEX approved_issuer_domain ON approved_issuer (domain);
-- approvals, all that ever stood in a file
CREATE TABLE approval (
  id INTEGER PRIMARY KEY,               -- row
  ticket TEXT NOT NULL,                 -- reference
  subject TEXT NOT NULL,                -- canonical name
  kind TEXT NOT NULL,                   -- ns.change, ds.change, caa.change, mx.change, transfer-lock.remove, ...
  valid_from INTEGER NOT NULL,          -- may be done from
  valid_to INTEGER NOT NULL,            -- until
  approver TEXT NOT NULL,               -- who said yes
  requester TEXT,                       -- who asked; NULL not stated
  recorded_at INTEGER NOT NULL,         -- ledger time at which it first stood there
  withdrawn_at INTEGER NOT NULL,        -- ledger time at which it stood there no more; open end while it does
  leaf INTEGER NOT NULL,        -- item that first said so
  part INTEGER NOT NULL         -- part of it
) STRICT;
CREATE INDEX approval_subject ON approval (subject, kind);
-- zones and what is wanted of them
CREATE TABLE owned_zone (
  name TEXT PRIMARY KEY,                -- apex
  owner TEXT,                           -- person or team
  tier TEXT,                            -- critical, high, normal, low; NULL: that of its domain
  environment TEXT,                     -- environment; NULL not stated
  signed INTEGER,                       -- 1: DNSSEC is wanted, 0: it is not; NULL not stated
  supplier TEXT,                        -- supplier that serves it; NULL: we do
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- certificates that should exist
CREATE TABLE owned_certificate (
  id TEXT PRIMARY KEY,                  -- reference
  host TEXT NOT NULL,                   -- canonical name, '*.x' allowed
  service TEXT,                         -- service that presents it
  owner TEXT,                           -- person or team
  serial TEXT,                          -- hex, as in certificate; NULL: any
  cert_sha256 TEXT,                     -- of the whole certificate, hex; NULL: any
  issuer TEXT,                          -- name in one line; NULL: any
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- people and teams who own, ask and approve
CREATE TABLE person (
  id TEXT PRIMARY KEY,                  -- as owners, requesters and approvers are written
  kind TEXT NOT NULL,                   -- person, team
  name TEXT,                            -- full name
  email TEXT,                           -- address
  team TEXT,                            -- team they belong to
  role TEXT,                            -- what they do
  left_ms INTEGER,                      -- left, or was dissolved, at; NULL: is there
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- who stands behind the names in logs, all that ever stood in the inventory
CREATE TABLE actor (
  id INTEGER PRIMARY KEY,               -- row
  name TEXT NOT NULL,                   -- login, key, author as logs have it
  account TEXT NOT NULL,                -- provider account in which it is meant; '' any
  kind TEXT NOT NULL,                   -- person, automation, provider
  person TEXT,                          -- person; NULL: none
  credential TEXT,                      -- credential; NULL: none
  recorded_at INTEGER NOT NULL,         -- ledger time at which it first stood there
  withdrawn_at INTEGER NOT NULL,        -- ledger time at which it stood there no more; open end while it does
  leaf INTEGER NOT NULL,        -- item that first said so
  part INTEGER NOT NULL         -- part of it
) STRICT;
CREATE INDEX actor_name ON actor (name, account);
-- environments, which must not share credentials and certificates
CREATE TABLE environment (
  name TEXT PRIMARY KEY,                -- name
  kind TEXT NOT NULL,                   -- production, test
  owner TEXT,                           -- person or team
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- names that belong to an environment; the longest wins
CREATE TABLE environment_name (
  environment TEXT NOT NULL,            -- environment
  name TEXT NOT NULL,                   -- canonical; '*.x' for everything below x
  suffix TEXT NOT NULL,                 -- '.x' for '*.x', else ''
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL,        -- part of it
  PRIMARY KEY (environment, name)
) STRICT;
-- third parties: registrars, DNS hosts, authorities, networks
CREATE TABLE supplier (
  name TEXT PRIMARY KEY,                -- name
  kind TEXT NOT NULL,                   -- registrar, dns, ca, cdn, other
  tier TEXT,                            -- critical, high, normal, low; NULL not stated
  owner TEXT,                           -- who looks after it
  contract TEXT,                        -- reference of the contract
  reviewed_ms INTEGER,                  -- last reviewed at; NULL: never
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- how suppliers show in evidence
CREATE TABLE supplier_name (
  supplier TEXT NOT NULL,               -- supplier
  kind TEXT NOT NULL,                   -- name-server, target (of CNAME and the like), registrar (IANA number or name), issuer (organisation or whole name), account
  name TEXT NOT NULL,                   -- canonical name for name-server and target, '*.x' allowed; else as evidence has it
  suffix TEXT NOT NULL,                 -- '.x' for '*.x', else ''
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL,        -- part of it
  PRIMARY KEY (supplier, kind, name)
) STRICT;
-- when changes may be made, all that ever stood in the inventory
CREATE TABLE change_window (
  id INTEGER PRIMARY KEY,               -- row
  kind TEXT NOT NULL,                   -- change (may be made), freeze (may not), hours (people work)
  scope TEXT NOT NULL,                  -- name: it and everything below; '' everything
  valid_from INTEGER NOT NULL,          -- from
  valid_to INTEGER NOT NULL,            -- until
  days INTEGER,                         -- weekdays, bit 0 Monday; NULL: the whole of it
  minute_from INTEGER,                  -- of those days, minutes after midnight
  minute_to INTEGER,                    -- until, at most 1440
  offset_min INTEGER,                   -- of the local time from UTC, minutes
  recorded_at INTEGER NOT NULL,         -- ledger time at which it first stood there
  withdrawn_at INTEGER NOT NULL,        -- ledger time at which it stood there no more; open end while it does
  leaf INTEGER NOT NULL,        -- item that first said so
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- dated documents, all that ever stood in the inventory
CREATE TABLE attestation (
  id INTEGER PRIMARY KEY,               -- row
  ref TEXT NOT NULL,                    -- reference
  kind TEXT NOT NULL,                   -- recovery-test, rollback-test, failover-test, revocation-test, policy-review, access-review, ...
  subject TEXT NOT NULL,                -- zone, domain, account, credential, supplier; '' everything
  dated_ms INTEGER NOT NULL,            -- when it was done
  expires_ms INTEGER NOT NULL,          -- until when it speaks; open end: the check says
  author TEXT NOT NULL,                 -- who did it
  approver TEXT,                        -- who took it off; NULL: nobody
  document TEXT NOT NULL,               -- where it is kept
  sha256 TEXT NOT NULL,                 -- of the document, hex
  recorded_at INTEGER NOT NULL,         -- ledger time at which it first stood there
  withdrawn_at INTEGER NOT NULL,        -- ledger time at which it stood there no more; open end while it does
  leaf INTEGER NOT NULL,        -- item that first said so
  part INTEGER NOT NULL         -- part of it
) STRICT;
CREATE INDEX attestation_kind ON attestation (kind, subject);
-- what was done about findings, all that ever stood in a file
CREATE TABLE response (
  id INTEGER PRIMARY KEY,               -- row
  finding TEXT NOT NULL,                -- finding id
  ticket TEXT NOT NULL,                 -- reference
  owner TEXT NOT NULL,                  -- who answers for it
  acknowledged_ms INTEGER,              -- taken up at; NULL: not yet
  closed_ms INTEGER,                    -- done at; NULL: not yet
  closed_by TEXT,                       -- by whom
  outcome TEXT,                         -- fixed, accepted, false-positive, incident; NULL: none yet
  recorded_at INTEGER NOT NULL,         -- ledger time at which it first stood there
  withdrawn_at INTEGER NOT NULL,        -- ledger time at which it stood there no more; open end while it does
  leaf INTEGER NOT NULL,        -- item that first said so
  part INTEGER NOT NULL         -- part of it
) STRICT;
CREATE INDEX response_finding ON response (finding);
-- who is told of what, and how soon they must act, as the policy says
CREATE TABLE routing (
  check_id TEXT NOT NULL,               -- check; '' any
  severity TEXT NOT NULL,               -- severity; '' any
  owner TEXT NOT NULL,                  -- person or team that responds
  channel TEXT,                         -- how they are told
  acknowledge_ms INTEGER,               -- taken up within; NULL not stated
  close_ms INTEGER,                     -- done within; NULL not stated
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL,        -- part of it
  PRIMARY KEY (check_id, severity)
) STRICT;
-- severities that the policy changes
CREATE TABLE severity_change (
  check_id TEXT PRIMARY KEY,            -- check
  severity TEXT NOT NULL,               -- severity in force
  reason TEXT NOT NULL,                 -- why
  approver TEXT NOT NULL,               -- who said so
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- waivers of the policy
CREATE TABLE waiver (
  id TEXT PRIMARY KEY,                  -- reference
  finding TEXT,                         -- finding id, or NULL
  check_id TEXT,                        -- check, with resource
  resource TEXT,                        -- resource
  observed_before INTEGER,              -- covers what was observed before; NULL with standing
  standing INTEGER NOT NULL,            -- 1: also what comes later
  owner TEXT NOT NULL,                  -- who carries the risk
  approver TEXT NOT NULL,               -- who accepted it
  reason TEXT NOT NULL,                 -- why
  granted INTEGER,                      -- from when on, ms; NULL: since it was recorded
  expires INTEGER NOT NULL,             -- ms; a malformed date is 0: expired
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL         -- part of it
) STRICT;
-- parameters that the policy gives to checks, and gate settings (check_id 'gate')
CREATE TABLE policy (
  check_id TEXT NOT NULL,               -- check, or gate
  name TEXT NOT NULL,                   -- parameter
  value TEXT NOT NULL,                  -- as text
  recorded_at INTEGER NOT NULL, -- ledger time
  leaf INTEGER NOT NULL,        -- item
  part INTEGER NOT NULL,        -- part of it
  PRIMARY KEY (check_id, name)
) STRICT;
-- what came, went and changed in the user's files after their first version
CREATE TABLE scope_edit (
  id INTEGER PRIMARY KEY,               -- row
  table_name TEXT NOT NULL,             -- table
  key TEXT NOT NULL,                    -- row of it
  what TEXT NOT NULL,                   -- added, removed, changed
  before_value TEXT,                    -- content before
  after_value TEXT,                     -- content after
  t INTEGER NOT NULL,                   -- ledger time
  leaf INTEGER NOT NULL                 -- item
) STRICT;
-- which files have spoken for which tables
CREATE TABLE user_file (
  table_name TEXT NOT NULL,             -- table
  file TEXT NOT NULL,                   -- label for approvals; '' for tables that the newest file fills alone
  leaf INTEGER NOT NULL,                -- item of the first version
  PRIMARY KEY (table_name, file)
) STRICT;
-- rows of the user's files as they stand: what the next version of the file is compared with
CREATE TABLE user_row (
  id INTEGER PRIMARY KEY,               -- row
  table_name TEXT NOT NULL,             -- table
  file TEXT NOT NULL,                   -- as in user_file
  key TEXT NOT NULL,                    -- row of it, as people name it
  content TEXT NOT NULL,                -- its values as text
  row_id INTEGER,                       -- id in the table, where rows are withdrawn; else NULL
  recorded_at INTEGER NOT NULL,         -- ledger time at which this content first stood there
  leaf INTEGER NOT NULL,                -- item that first said so
  part INTEGER NOT NULL,                -- part of it
  seen_leaf INTEGER NOT NULL            -- item that said so last
) STRICT;
CREATE INDEX user_row_key ON user_row (table_name, file, key);

-- group notices
-- findings that somebody was told of, and what became of the telling: receipts are items
CREATE TABLE notice (
  id INTEGER PRIMARY KEY,               -- row
  finding TEXT NOT NULL,                -- finding id
  check_id TEXT NOT NULL,               -- check
  resource TEXT NOT NULL,               -- resource
  severity TEXT NOT NULL,               -- in force then
  status TEXT NOT NULL,                 -- fail, review
  channel TEXT NOT NULL,                -- what was run or written to
  outcome TEXT NOT NULL,                -- delivered, failed
  t INTEGER NOT NULL,                   -- when
  leaf INTEGER NOT NULL,                -- item
  part INTEGER NOT NULL                 -- part of it
) STRICT;
CREATE INDEX notice_finding ON notice (finding, t);

-- group joined
-- which claim explains which change; made again before every assessment by mappers/attribution.c
CREATE TABLE change_claim (
  change_id INTEGER NOT NULL,           -- change
  claim_id INTEGER NOT NULL,            -- claim
  confidence TEXT NOT NULL,             -- exact, strong, serial, weak; planned, transfer
  rank INTEGER NOT NULL,                -- 4 exact, 3 strong, 2 serial, 1 weak; 0: stands beside it and attributes nothing
  ambiguous INTEGER NOT NULL,           -- 1: another claim fits as well
  PRIMARY KEY (change_id, claim_id)
) STRICT;
CREATE INDEX change_claim_claim ON change_claim (claim_id);
-- when a change happened, as narrowly as a claim of rank 3 and up says; else as the change says
CREATE TABLE change_time (
  change_id INTEGER PRIMARY KEY,        -- change
  t_from INTEGER NOT NULL,              -- not before
  t_to INTEGER NOT NULL                 -- before
) STRICT;
-- how much each change took away and brought, and of how large a zone
CREATE TABLE change_size (
  change_id INTEGER PRIMARY KEY,        -- change
  adds INTEGER NOT NULL,                -- records that came
  dels INTEGER NOT NULL,                -- records that went
  size INTEGER NOT NULL                 -- records of the zone before it
) STRICT;
-- what became of claims of updates that were applied and explain no change
CREATE TABLE claim_fate (
  claim_id INTEGER PRIMARY KEY,         -- claim
  fate TEXT NOT NULL,                   -- idle (it could do nothing), cancelled (undone before anybody looked), without-effect
  reason TEXT NOT NULL                  -- in words
) STRICT;
-- coverage as checks need it: evidence zone-changes, zone-claims, account-events as stated, and ct per domain: what
-- every expected log covers for a name
CREATE TABLE need_coverage (
  evidence TEXT NOT NULL,               -- evidence
  scope TEXT NOT NULL,                  -- scope
  t_from INTEGER NOT NULL,              -- from
  t_to INTEGER NOT NULL,                -- until
  grade INTEGER NOT NULL,               -- 1 sampled, 2 asserted, 3 proven
  lag_ms INTEGER NOT NULL,              -- largest lag of the sources behind it
  reason TEXT,                          -- why it is enough although something was not read
  PRIMARY KEY (evidence, scope, t_from)
) STRICT;
-- names of certificates that look like a domain of the inventory and are none of ours
CREATE TABLE certificate_lookalike (
  certificate_id INTEGER NOT NULL,      -- certificate
  name_id INTEGER NOT NULL,             -- certificate_name
  domain TEXT NOT NULL,                 -- domain that it looks like
  how TEXT NOT NULL                     -- letters that look the same, spelled almost the same, the same label under another parent
) STRICT;
-- which result of a search is which certificate of a log: what is not here is not proven
CREATE TABLE search_certificate (
  result_id INTEGER NOT NULL,           -- search_result
  certificate_id INTEGER NOT NULL,      -- certificate
  how TEXT NOT NULL,                    -- tbs: the same TBS hash; serial: the same issuer, serial number and first instant; sct: a log's promise, to the log and millisecond, with serial number and first instant
  PRIMARY KEY (result_id, certificate_id)
) STRICT;
-- names of results that lie in a domain of the inventory; the longest domain wins
CREATE TABLE search_domain (
  result_id INTEGER NOT NULL,           -- search_result
  name_id INTEGER NOT NULL,             -- search_name
  domain TEXT NOT NULL,                 -- domain
  PRIMARY KEY (result_id, name_id)
) STRICT;
-- names of certificates that lie in a domain of the inventory; the longest domain wins
CREATE TABLE certificate_domain (
  certificate_id INTEGER NOT NULL,      -- certificate
  name_id INTEGER NOT NULL,             -- certificate_name
  domain TEXT NOT NULL,                 -- domain
  PRIMARY KEY (certificate_id, name_id)
) STRICT;
CREATE INDEX certificate_domain_domain ON certificate_domain (domain);
-- whose the hosts are that services, listed certificates and end points name
CREATE TABLE host_domain (
  host TEXT PRIMARY KEY,                -- as it stands there, perhaps with "*."
  domain TEXT,                          -- the longest domain in scope that holds it; NULL none
  zone TEXT                             -- the longest zone of such domains that holds it; NULL none
) STRICT;
-- what tells of CAA in each zone of the inventory, for periods that begin from taken_from on and before taken_to: its content, or
-- answers of its servers where nobody reads that; where nobody does either it is the content that lacks
CREATE TABLE caa_zone (
  zone TEXT NOT NULL,                   -- apex
  evidence TEXT NOT NULL,               -- zone-changes, dns-live
  taken_from INTEGER NOT NULL,          -- for periods that begin from then on
  taken_to INTEGER NOT NULL,            -- and before then
  PRIMARY KEY (zone, taken_from)
) STRICT;
-- when servers of a zone that is asked for its CAA told it, be it that there is none
CREATE TABLE caa_look (
  zone TEXT NOT NULL,                   -- apex
  t INTEGER NOT NULL,                   -- when
  ref_id INTEGER NOT NULL,              -- the first of those answers, dns_answer
  PRIMARY KEY (zone, t)
) STRICT;
-- CAA in force, property by property: as zones that we read held it, and as servers answered at the top of a zone
CREATE TABLE caa_property (
  id INTEGER PRIMARY KEY,               -- row
  zone TEXT NOT NULL,                   -- apex
  evidence TEXT NOT NULL,               -- zone-changes, dns-live
  owner TEXT NOT NULL,                  -- name at which the set stands
  flags INTEGER NOT NULL,               -- 128 and more: critical
  tag TEXT NOT NULL,                    -- issue, issuewild, iodef, ... in lower case; '' a record that cannot be read
  known INTEGER NOT NULL,               -- 1: IANA lists the tag, so that issuers can know it
  value TEXT NOT NULL,                  -- without quotes; at most 1000 letters
  issuer TEXT NOT NULL,                 -- domain of the issuer, lower case; '' nobody (none is named, or the value is malformed), or not the tag to name one
  account INTEGER NOT NULL,             -- 1: bound to an account (accounturi); 2: to two at once, which nobody can meet
  account_uri TEXT NOT NULL,            -- the account, or the first; '' none
  methods INTEGER NOT NULL,             -- 1: bound to ways of validation (validationmethods); 2: to none of them, which nobody can meet
  method_list TEXT NOT NULL,            -- those, lower case, commas between
  ref_table TEXT NOT NULL,              -- record, dns_answer_record
  ref_id INTEGER NOT NULL,              -- its row
  valid_from INTEGER NOT NULL,          -- as the record; or when it was answered
  valid_to INTEGER NOT NULL,            -- as the record; or when the zone's servers answered again, open end after the last answer
  taken_from INTEGER NOT NULL,          -- counts for the zone in periods that begin from then on
  taken_to INTEGER NOT NULL             -- and before then; an answer, in none that begins after it
) STRICT;
CREATE INDEX caa_property_zone ON caa_property (zone, valid_to);
CREATE INDEX caa_property_owner ON caa_property (owner, valid_from, valid_to);
-- CAA records in changes, read in the same way
CREATE TABLE caa_change (
  ref_id INTEGER PRIMARY KEY,           -- change_record
  tag TEXT NOT NULL,                    -- as in caa_property, as what follows
  issuer TEXT NOT NULL,                 -- domain of the issuer
  account INTEGER NOT NULL,             -- bound to an account
  account_uri TEXT NOT NULL,            -- the account
  methods INTEGER NOT NULL,             -- bound to ways of validation
  method_list TEXT NOT NULL             -- those
) STRICT;
-- domains in scope for which clients tell what certificates they ask for
CREATE TABLE issuance_scope (
  domain TEXT NOT NULL,                 -- domain
  scope TEXT NOT NULL,                  -- what a source tells of: the domain, or one above it
  retired_ms INTEGER NOT NULL,          -- from when on none is expected to
  PRIMARY KEY (domain, scope)
) STRICT;
-- logged certificates that a client said it got, by their TBS hash or serial number
CREATE TABLE certificate_request (
  certificate_id INTEGER PRIMARY KEY    -- certificate
) STRICT;
-- what clients asked for or got without saying which certificate it is, and did not fail
CREATE TABLE issuance_order (
  request_id INTEGER PRIMARY KEY,       -- issuance_request, of which the rest is a copy
  source TEXT NOT NULL,                 -- who told
  outcome TEXT NOT NULL,                -- requested, issued, renewed
  t_from INTEGER NOT NULL               -- when
) STRICT;
-- since when there is an inventory: what the first one says is how things were before it, what came later holds from then on. The item itself
-- says when that was, for of rows that were all touched since a later one would look like the first
CREATE TABLE inventory_begun (
  one INTEGER PRIMARY KEY CHECK (one = 1),  -- a single row
  t INTEGER                             -- ledger time of the first inventory; NULL: there was none
) STRICT;
-- accounts that hold domains in scope, and what belongs to each: what a person does in one and for oneself stands under ACCOUNT/user
CREATE TABLE account_place (
  scope TEXT NOT NULL,                  -- account as evidence names it
  account TEXT NOT NULL,                -- account as the inventory names it
  PRIMARY KEY (scope, account)
) STRICT;
-- whom the words of people mean: a person or team by id, full name or address; by a login where nobody is called so
CREATE TABLE person_word (
  word TEXT NOT NULL,                   -- in lower case, without blanks around it
  person TEXT NOT NULL,                 -- person; of a login, what the actor says of it where no such person is listed
  people INTEGER NOT NULL,              -- how many the word means; 1: it is certain whom
  stays INTEGER NOT NULL,               -- 1: of them the one who is there, or left last; one for each word
  login INTEGER NOT NULL,               -- 1: a login of some account; 0: id, full name or address
  PRIMARY KEY (word, person)
) STRICT;
-- keys of zones, read once for all
CREATE TABLE dnskey (
  rdata TEXT PRIMARY KEY,               -- as in record and dns_answer_record
  flags INTEGER NOT NULL,               -- 256 zone key, 257 that a DS may name, 385 revoked
  algorithm INTEGER NOT NULL,           -- IANA's number
  tag INTEGER NOT NULL,                 -- what a DS names it by
  bits INTEGER NOT NULL                 -- of an RSA modulus; 0: no RSA key
) STRICT;
-- signatures that servers showed of a zone's own records
CREATE TABLE signature (
  ref_id INTEGER PRIMARY KEY,           -- dns_answer_record
  zone TEXT NOT NULL,                   -- apex, which signed
  server TEXT NOT NULL,                 -- server that showed it
  covered TEXT NOT NULL,                -- type that is signed
  algorithm INTEGER NOT NULL,           -- of the key that signed
  tag INTEGER NOT NULL,                 -- of the key that signed
  ttl INTEGER NOT NULL,                 -- seconds that caches may keep what is signed, as the signature says
  t INTEGER NOT NULL,                   -- when it was shown
  since INTEGER NOT NULL,               -- valid from
  till INTEGER NOT NULL                 -- valid until
) STRICT;
CREATE INDEX signature_zone ON signature (zone, t);
-- zones of the inventory whose servers somebody asks in the period that is being judged; made anew for each period, as the next six
CREATE TABLE probed_zone (
  name TEXT PRIMARY KEY                 -- zone
) STRICT;
-- zones of the inventory that were signed at some time of the period, or are to be
CREATE TABLE signed_zone (
  name TEXT PRIMARY KEY                 -- zone
) STRICT;
-- what a check of CAA needs to know of the period, for the population
CREATE TABLE caa_need (
  zone TEXT NOT NULL,                   -- apex
  evidence TEXT NOT NULL,               -- zone-changes, dns-live: what tells of it in this period
  scope TEXT NOT NULL,                  -- apex; or, of a zone whose servers never told in the period, words that no source covers
  PRIMARY KEY (zone, scope)
) STRICT;
-- CAA in force when the period ends, of the evidence that tells of the zone in it
CREATE TABLE caa_stood (
  id INTEGER PRIMARY KEY,               -- caa_property, of which the rest is a copy
  zone TEXT NOT NULL,                   -- apex
  owner TEXT NOT NULL,                  -- name at which the set stands
  flags INTEGER NOT NULL,               -- 128 and more: critical
  tag TEXT NOT NULL,                    -- lower case; '' a record that cannot be read
  known INTEGER NOT NULL,               -- 1: IANA lists the tag
  value TEXT NOT NULL,                  -- without quotes
  issuer TEXT NOT NULL,                 -- domain of the issuer; '' nobody
  account INTEGER NOT NULL,             -- 1: bound to an account; 2: to two at once
  account_uri TEXT NOT NULL,            -- the account; '' none
  methods INTEGER NOT NULL,             -- 1: bound to ways of validation; 2: to none of them
  ref_table TEXT NOT NULL,              -- record, dns_answer_record
  ref_id INTEGER NOT NULL,              -- its row
  t INTEGER NOT NULL                    -- since when in the period
) STRICT;
-- domains in scope, and who tells of their registration: whoever is expected to, or told something in the period
CREATE TABLE registration (
  name TEXT PRIMARY KEY,                -- domain
  scope TEXT,                           -- what tells how it stands (registry-state): the domain itself, or its account; NULL: nothing
  account TEXT                          -- its account, whose events are told (account-events); NULL: they are not
) STRICT;
-- what is attested when the period ends, be it that it is over: of each kind and subject the newest of each sort
CREATE TABLE attested (
  id INTEGER PRIMARY KEY,               -- attestation, of which kind, subject, ref and dated_ms are a copy
  kind TEXT NOT NULL,                   -- recovery-test, access-review, ...
  subject TEXT NOT NULL,                -- zone, domain, account, credential, supplier; '' everything
  ref TEXT NOT NULL,                    -- reference
  dated_ms INTEGER NOT NULL,            -- when it was done
  ended INTEGER NOT NULL,               -- 1: it says itself that it speaks of a time that is over
  late INTEGER NOT NULL,                -- days after its date at which it was recorded, where the period was over then; 0: in time
  alone INTEGER NOT NULL                -- 1: nobody but its author took it off
) STRICT;
CREATE INDEX attested_kind ON attested (kind, subject);
-- what the checks found that others stand on (after, in the head of a check), in the period that is being judged; made anew for each period
CREATE TABLE raised (
  check_id TEXT NOT NULL,               -- check that found it
  finding TEXT NOT NULL,                -- finding id; '' where it could not be tested
  resource TEXT NOT NULL,               -- resource
  key TEXT NOT NULL,                    -- what of it, as the check names it
  status TEXT NOT NULL,                 -- fail, review; not-evaluable, error: it could not be tested
  PRIMARY KEY (resource, key, check_id, status)
) STRICT;
