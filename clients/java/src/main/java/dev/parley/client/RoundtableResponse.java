package dev.parley.client;

import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A roundtable's answer.
 *
 * @param id {@code rt_} and a ULID
 * @param data the consolidated answer: text; the JSON value where a schema was asked for; or the winning choice. Null in
 *     {@code fast}, and where the consolidation failed, as {@code meta.summaryError} then says
 * @param meta how it came about, and what it cost
 * @param modelResults one for each seat, in request order
 */
public record RoundtableResponse(String id, JsonNode data, RoundtableMeta meta, List<SeatResult> modelResults) {
    /** Makes one thing of absent and null. */
    public RoundtableResponse {
        data = Json.present(data);
    }

    /** Returns {@code data} as text, JSON values as JSON; null without data. */
    public String text() { return Json.asText(data); }
}
