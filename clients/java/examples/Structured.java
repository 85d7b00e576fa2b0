import dev.parley.client.Parley;
import dev.parley.client.RoundtableRequest;

/** Asks for a value of a type; the schema is made from the record. */
public class Structured {
    enum Choice { yes, no }

    record Verdict(Choice verdict, double confidence) {}

    public static void main(String[] arguments) {
        var question = RoundtableRequest.of(
                "Is a monolith the better start? Say how sure you are.",
                "sandbox/terse", "sandbox/thorough", "sandbox/contrarian");
        Verdict verdict = Parley.create().roundtable().parse(question, Verdict.class).value();
        System.out.println("verdict: " + verdict.verdict());
        System.out.println("confidence: " + verdict.confidence());
    }
}
