"""Record sets in moto through Amazon's own library: fill.py PORT STEP."""
import sys

import boto3

port, step = sys.argv[1:3]
r53 = boto3.client('route53', endpoint_url='http://127.0.0.1:' + port, region_name='us-east-1', aws_access_key_id='AKIDEXAMPLE', aws_secret_access_key='x')


def plain(name, kind, ttl, *values):
    return {'Name': name, 'Type': kind, 'TTL': ttl, 'ResourceRecords': [{'Value': v} for v in values]}


def change(zone, action, *sets):
    r53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={'Changes': [{'Action': action, 'ResourceRecordSet': s} for s in sets]})


if step == 'begin':
    for name in ('other.test.', 'example.test.', 'zzz.test.'):
        r53.create_hosted_zone(Name=name, CallerReference=name)
zone = [z['Id'] for z in r53.list_hosted_zones()['HostedZones'] if z['Name'] == 'example.test.'][0]
if step == 'begin':
    change(zone, 'CREATE', plain('www.example.test.', 'A', 60, '192.0.2.1', '192.0.2.2'), plain('example.test.', 'MX', 300, '10 mx.example.test.'),
           plain('*.w.example.test.', 'TXT', 300, '"a" "b"'), plain('example.test.', 'CAA', 300, '0 issue "ca.test"'),
           dict(plain('blue.example.test.', 'A', 60, '192.0.2.3'), SetIdentifier='b1', Weight=10),
           dict(plain('blue.example.test.', 'A', 60, '192.0.2.4'), SetIdentifier='b2', Weight=20),
           {'Name': 'alias.example.test.', 'Type': 'A', 'AliasTarget': {'HostedZoneId': zone.split('/')[-1], 'DNSName': 'www.example.test.', 'EvaluateTargetHealth': False}})
    for i in range(0, 700, 100):
        change(zone, 'CREATE', *[plain('h%03d.example.test.' % k, 'A', 60, '198.51.100.%d' % (k % 250)) for k in range(i, i + 100)])
else:
    change(zone, 'UPSERT', plain('www.example.test.', 'A', 60, '203.0.113.66'))
    change(zone, 'DELETE', plain('h007.example.test.', 'A', 60, '198.51.100.7'))
