import dev.parley.client.Parley;
import dev.parley.client.RoundtableRequest;

/** Lets three models choose. */
public class Vote {
    public static void main(String[] arguments) {
        var question = RoundtableRequest.of(
                "Is a monolith the better start for a team of five?",
                "sandbox/terse", "sandbox/thorough", "sandbox/contrarian");
        var answer = Parley.create().roundtable().vote(question.choices("yes", "no", "it depends"));
        for (var count : answer.meta().vote().tally()) {
            System.out.println(count.choice() + ": " + count.votes());
        }
        System.out.println("winner: " + answer.data().asString());
    }
}
