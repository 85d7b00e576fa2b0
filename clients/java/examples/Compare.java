import dev.parley.client.ApiException;
import dev.parley.client.CompareRequest;
import dev.parley.client.Parley;

/** Puts three answers side by side, with an evaluation. */
public class Compare {
    public static void main(String[] arguments) {
        try {
            var comparison = Parley.create().compare().create(CompareRequest.of(
                    "Should a small team start with a monolith?",
                    "sandbox/terse", "sandbox/thorough", "sandbox/contrarian"));
            for (var result : comparison.results()) {
                System.out.println(result.model() + ": " + (result.content() == null ? result.error() : result.content()));
            }
            System.out.println(comparison.comparison());
        } catch (ApiException error) {
            System.err.println(error.code() + " in request " + error.requestId() + ": " + error.getMessage());
            System.exit(1);
        }
    }
}
