import java.io.FileInputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

/** Each FILE against PDF/A-3b: its name, true or false, and the rules that it breaks. */
public class Validate {
	public static void main(String[] files) throws Exception {
		VeraGreenfieldFoundryProvider.initialise();
		PDFAFlavour flavour = PDFAFlavour.byFlavourId("3b");
		for (String file : files)
			try (var parser = Foundries.defaultInstance().createParser(new FileInputStream(file), flavour);
			     var validator = Foundries.defaultInstance().createValidator(flavour, false)) {
				var result = validator.validate(parser);
				System.out.println(file + " compliant " + result.isCompliant());
				for (TestAssertion a : result.getTestAssertions())
					if (a.getStatus() == TestAssertion.Status.FAILED)
						System.out.println("  " + a.getRuleId().getClause() + "-" + a.getRuleId().getTestNumber() + " " + a.getMessage());
			}
	}
}
