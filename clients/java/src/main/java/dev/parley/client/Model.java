package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.math.BigDecimal;
import java.util.List;

/**
 * A model that can be asked, or a panel of the server's configuration. What is not known is null.
 *
 * @param id the name that requests use; {@code name} is for people
 * @param provider the first one where it is called; {@code panel} for a panel
 * @param contextLength the most tokens of input and output together
 * @param isFree whether the price is known and 0
 * @param sandbox true for the embedded models: programs, not language models
 * @param compositeModels the models of a panel
 */
public record Model(
        String id, String object, long created, String ownedBy, String name, String provider, String brand, String type,
        String modelType, Long contextLength, Long contextWindow, Long maxOutputTokens, boolean isFree, Pricing pricing,
        Boolean supportsTools, Boolean supportsStructuredOutput, Boolean supportsThinking, Boolean supportsSystemPrompt,
        Boolean supportsCompletionsApi, List<String> inputModalities, List<String> outputModalities, String description,
        Boolean sandbox, Boolean isComposite, List<String> compositeModels) {
    /** US dollars for a thousand and for a million tokens; null where not known. */
    public record Pricing(
            @JsonProperty("prompt_usd_per_1k") @Json.Money BigDecimal promptUsdPer1k,
            @JsonProperty("completion_usd_per_1k") @Json.Money BigDecimal completionUsdPer1k,
            String pricingUnit,
            @JsonProperty("prompt_usd_per_1m") @Json.Money BigDecimal promptUsdPer1m,
            @JsonProperty("completion_usd_per_1m") @Json.Money BigDecimal completionUsdPer1m,
            @JsonProperty("cache_read_input_usd_per_1m") @Json.Money BigDecimal cacheReadInputUsdPer1m,
            @JsonProperty("cache_write_input_usd_per_1m") @Json.Money BigDecimal cacheWriteInputUsdPer1m,
            @JsonProperty("long_context_input_usd_per_1m") @Json.Money BigDecimal longContextInputUsdPer1m,
            @JsonProperty("long_context_output_usd_per_1m") @Json.Money BigDecimal longContextOutputUsdPer1m) {}

    /** Some of the {@code total} models found; {@code brands} are those of all. */
    public record Page(List<Model> items, int total, int limit, int offset, List<String> brands) {}
}
