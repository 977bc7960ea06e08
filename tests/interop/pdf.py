"""pdf.py REPORT.PDF ROOT STAMP-ROOT [CRL...]: what pyHanko says of a signed PDF, in a line for each fact. Revocation data are required: the
lists given, or without any those that the file brings along."""
import sys
from asn1crypto import crl
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko_certvalidator import ValidationContext

path, root, stamp_root, lists = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]

def context(reader, pem):
    how = {'trust_roots': [load_cert_from_pemder(pem)], 'allow_fetching': False, 'revocation_mode': 'require'}
    if lists:
        return ValidationContext(crls=[crl.CertificateList.load(open(f, 'rb').read()) for f in lists], **how)
    try:
        return DocumentSecurityStore.read_dss(reader).as_validation_context(how)
    except NoDSSFoundError:
        return ValidationContext(**how)

with open(path, 'rb') as f:
    reader = PdfFileReader(f)
    signatures = reader.embedded_regular_signatures
    print('signatures', len(signatures))
    for s in signatures:
        status = validate_pdf_signature(s, signer_validation_context=context(reader, root),
                                        ts_validation_context=context(reader, stamp_root))
        print('valid', status.valid, 'trusted', status.trusted, 'intact', status.intact, 'bottom line', status.bottom_line)
        print('coverage', status.coverage.name, 'changes', status.modification_level.name if status.modification_level else None, 'docmdp', status.docmdp_ok)
        t = status.timestamp_validity
        print('stamp', None if t is None else (t.valid and t.trusted and t.intact))
