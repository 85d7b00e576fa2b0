import dev.parley.client.Parley;
import dev.parley.client.RoundtableRequest;

/** Prints the text of each model as it comes, then the cost of it all. */
public class Stream {
    public static void main(String[] arguments) {
        var question = RoundtableRequest.of(
                "Should a small team start with a monolith?",
                "sandbox/terse", "sandbox/thorough", "sandbox/contrarian");
        try (var stream = Parley.create().roundtable().stream(question)) {
            for (var delta : stream.textDeltas()) {
                System.out.println((delta.isSummary() ? "summary" : delta.model()) + ": " + delta.text());
            }
            System.out.println("cost: " + stream.finalResult().meta().totalCost() + " USD");
        }
    }
}
