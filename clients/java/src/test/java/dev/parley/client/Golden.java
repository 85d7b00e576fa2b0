package dev.parley.client;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The transcripts that the server and all four libraries are held to. */
record Golden(String family, String name, JsonNode request, int status, byte[] body, boolean isStream) {
    private static final Path FOLDER = Path.of("../../contracts/golden");

    static List<Golden> all() {
        assumeTrue(Files.isDirectory(FOLDER), "contracts/golden is not beside this package, so its cases are not run");
        try (var files = Files.walk(FOLDER, 3)) {
            return files.filter(each -> each.endsWith("case.json")).sorted().map(Golden::read).toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    static Stream<Golden> streams() {
        return all().stream().filter(Golden::isStream);
    }

    static Golden of(String family, String name) {
        return all().stream().filter(each -> each.family.equals(family) && each.name.equals(name)).findFirst().orElseThrow();
    }

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /** Returns the JSON of a stream's events, in order. */
    List<JsonNode> events() {
        return text().lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> Json.WIRE.readTree(line.substring(6)))
                .toList();
    }

    /** Returns {@code json} without nulls in objects, because absent and null are one thing. */
    static JsonNode withoutNulls(JsonNode json) {
        if (json instanceof ArrayNode array) {
            array.forEach(Golden::withoutNulls);
        } else if (json instanceof ObjectNode object) {
            for (var name : new ArrayList<>(object.propertyNames())) {
                if (object.get(name).isNull()) {
                    object.remove(name);
                } else {
                    withoutNulls(object.get(name));
                }
            }
        }
        return json;
    }

    /** Returns a typed value as JSON again, without nulls, its numbers in one spelling. */
    static JsonNode encoded(Object value) {
        return comparable(Json.WIRE.writeValueAsString(value));
    }

    /** Returns JSON without nulls, its numbers in one spelling: 4e-05 is 0.00004. */
    static JsonNode comparable(String json) {
        return withoutNulls(NUMBERS.readTree(json));
    }

    private static final tools.jackson.databind.json.JsonMapper NUMBERS = new tools.jackson.databind.json.JsonMapper();

    @Override
    public String toString() {
        return family + "/" + name;
    }

    private static Golden read(Path path) {
        try {
            var about = Json.WIRE.readTree(Files.readString(path));
            var folder = path.getParent();
            var isStream = Files.exists(folder.resolve("response.sse"));
            var body = Files.readAllBytes(folder.resolve(isStream ? "response.sse" : "response.json"));
            var family = folder.getParent().getFileName().toString();
            return new Golden(family, folder.getFileName().toString(), about.get("request"), about.get("status").intValue(), body, isStream);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
