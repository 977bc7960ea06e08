/* Judge ROOTS CRLS FILE [CONTENT]: what the EU's DSS says of a signed file. ROOTS and CRLS are folders; the roots are trusted,
 * and the revocation lists are at hand as if they had been fetched. Prints FORMAT INDICATION [SUBINDICATION]. */
import eu.europa.esig.dss.crl.CRLBinary;
import eu.europa.esig.dss.crl.CRLUtils;
import eu.europa.esig.dss.crl.CRLValidity;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.CRLSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.CRLToken;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;

import java.io.File;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

public class Judge {
	/* The list of the issuer, of those at hand. */
	static class Lists implements CRLSource {
		final List<byte[]> der = new ArrayList<>();

		@Override
		public CRLToken getRevocationToken(CertificateToken cert, CertificateToken issuer) {
			for (byte[] b : der) {
				try {
					CRLValidity v = CRLUtils.buildCRLValidity(new CRLBinary(b), issuer);
					if (v != null && v.isValid())
						return new CRLToken(cert, v);
				} catch (Exception e) {
					/* of another issuer */
				}
			}
			return null;
		}
	}

	public static void main(String[] args) throws Exception {
		CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
		CommonCertificateVerifier verifier = new CommonCertificateVerifier();
		Lists lists = new Lists();

		for (File f : new File(args[0]).listFiles())
			trusted.addCertificate(DSSUtils.loadCertificate(f));
		verifier.setTrustedCertSources(trusted);
		for (File f : new File(args[1]).listFiles())
			lists.der.add(Files.readAllBytes(f.toPath()));
		verifier.setCrlSource(lists);
		verifier.setAIASource(null);

		SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(args[2]));
		validator.setCertificateVerifier(verifier);
		if (args.length > 3)
			validator.setDetachedContents(Collections.singletonList(new FileDocument(args[3])));
		Reports reports = validator.validateDocument();
		SimpleReport simple = reports.getSimpleReport();
		for (String id : simple.getSignatureIdList())
			System.out.println(simple.getSignatureFormat(id) + " " + simple.getIndication(id) + " " + simple.getSubIndication(id));
		if (System.getenv("JUDGE_MORE") != null)
			System.err.println(reports.getXmlSimpleReport());
	}
}
