"""Record sets in moto through Amazon's own library: fill.py PORT STEP."""
import os, sys

import boto3

port, step = sys.argv[1:3]


def client(name):
    return boto3.client(name, endpoint_url='http://127.0.0.1:' + port, region_name='us-east-1', aws_access_key_id='AKIDEXAMPLE', aws_secret_access_key='x')


if step == 'trail':                       # every file below a folder becomes an object
    folder, bucket = sys.argv[3:5]
    s3 = client('s3')
    s3.create_bucket(Bucket=bucket)
    for at, _, files in os.walk(folder):
        for f in files:
            path = os.path.join(at, f)
            s3.put_object(Bucket=bucket, Key=os.path.relpath(path, folder), Body=open(path, 'rb').read(), ContentType='application/json', ContentEncoding='gzip')
    sys.exit()
if step.startswith('domains'):
    domains = client('route53domains')
    if step == 'domains':
        person = {'FirstName': 'A', 'LastName': 'B', 'ContactType': 'COMPANY', 'OrganizationName': 'Example', 'AddressLine1': 'x', 'City': 'y', 'CountryCode': 'DE',
                  'ZipCode': '1', 'PhoneNumber': '+49.1234567', 'Email': 'hostmaster@example.net', 'State': ''}
        for name in ('example.com', 'example.net'):
            domains.register_domain(DomainName=name, DurationInYears=2, AutoRenew=True, AdminContact=person, RegistrantContact=person, TechContact=person)
    else:
        domains.update_domain_nameservers(DomainName='example.com', Nameservers=[{'Name': 'ns9.example.org'}, {'Name': 'ns8.example.org'}])
    sys.exit()
r53 = client('route53')


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
