import dev.parley.client.Parley;
import dev.parley.client.RoundtableRequest;

/** Asks three models and prints what they agree on. */
public class Ask {
    public static void main(String[] arguments) {
        var answer = Parley.create().roundtable().create(RoundtableRequest.of(
                "Should a small team start with a monolith?",
                "sandbox/terse", "sandbox/thorough", "sandbox/contrarian"));
        for (var seat : answer.modelResults()) {
            System.out.println(seat.model() + ": " + (seat.data() == null ? seat.error() : seat.data().asString()));
        }
        System.out.println("summary: " + (answer.data() == null ? "none" : answer.data().asString()));
        System.out.println("cost: " + answer.meta().totalCost() + " USD");
    }
}
