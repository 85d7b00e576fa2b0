package parley

import "context"

// CompareRequest is one conversation with several models.
type CompareRequest struct {
	Models                 []string          `json:"models"`                            // 1 to 10
	Messages               []Message         `json:"messages,omitempty"`                // may be empty beside Template
	ModelOverrides         []ModelOverride   `json:"model_overrides,omitempty"`         // what holds for one model alone
	ComparisonModel        string            `json:"comparison_model,omitempty"`        // who compares
	ComparisonInstructions string            `json:"comparison_instructions,omitempty"` // added to the comparison's own
	Temperature            *float64          `json:"temperature,omitempty"`             // 0 to 2, for every model
	MaxTokens              int               `json:"max_tokens,omitempty"`              // for every model, never for the comparison
	SkipComparison         bool              `json:"skip_comparison,omitempty"`         // answers side by side and no more
	Cache                  bool              `json:"cache,omitempty"`                   // answers of the last 24 hours will do
	Template               string            `json:"template,omitempty"`                // name or id of a stored template
	Variables              map[string]string `json:"variables,omitempty"`               // values of its placeholders
}

// ModelOverride is what holds for one model of a comparison alone.
type ModelOverride struct {
	Model        string   `json:"model"`                   // one of CompareRequest.Models
	Temperature  *float64 `json:"temperature,omitempty"`   // 0 to 2
	MaxTokens    int      `json:"max_tokens,omitempty"`    // at least 1
	SystemPrompt *string  `json:"system_prompt,omitempty"` // replaces the conversation's
}

// CompareResult is what a comparison came to. The result of a stream lacks Created and TraceUUID, which no event carries.
type CompareResult struct {
	CompareOutcome
	Object          string        `json:"object"`                     // "compare.completion"
	Created         int64         `json:"created,omitempty"`          // seconds since 1970
	Models          []string      `json:"models"`                     // as asked for, without duplicates
	Results         []ModelResult `json:"results"`                    // one per model, in the order of Models
	Comparison      string        `json:"comparison,omitempty"`       // empty without
	ComparisonUsage *ChatUsage    `json:"comparison_usage,omitempty"` // tokens of the comparison
	TraceUUID       string        `json:"trace_uuid,omitempty"`       // for [TracesService.Get]
}

// CompareOutcome is what a comparison's result and the last event of its stream have in common.
type CompareOutcome struct {
	ComparisonID           string  `json:"comparison_id"`              // "cmp_" and a ULID
	ComparisonModel        string  `json:"comparison_model,omitempty"` // who compared, or was tried last
	ComparisonFallbackUsed bool    `json:"comparison_fallback_used"`   // another model than asked for had to compare
	TotalLatencyMS         int64   `json:"total_latency_ms"`           // milliseconds
	Partial                bool    `json:"partial"`                    // a model failed
	SkipComparison         bool    `json:"skip_comparison"`            // as asked for
	TotalCost              float64 `json:"total_cost"`                 // US dollars, as far as prices are known
}

// ModelResult is what one model of a comparison said, or why it could not.
type ModelResult struct {
	Model        string          `json:"model"`                   // as asked for
	ResponseBody *ChatCompletion `json:"response_body,omitempty"` // nil where the model failed
	Content      string          `json:"content,omitempty"`       // empty where the model failed
	LatencyMS    int64           `json:"latency_ms"`              // milliseconds, its retry included
	Error        string          `json:"error,omitempty"`         // why the model failed, as a sentence
	ErrorCode    string          `json:"error_code,omitempty"`    // the same as a slug
	Usage        *ChatUsage      `json:"usage,omitempty"`         // tokens of all attempts
	RequestID    string          `json:"request_id"`              // what logs and traces call the request
	FinishReason string          `json:"finish_reason,omitempty"` // "stop", "length", "tool_calls" or "content_filter"
	Cost         *float64        `json:"cost,omitempty"`          // US dollars; nil where the price is not known
	Warnings     []string        `json:"warnings,omitempty"`      // what the model could not be given
}

// CompareService lets several models continue one conversation.
type CompareService struct{ transport *transport }

const comparePath = "/v1/chat/compare"

// Create asks and waits for the whole result. That some models failed is no error: see ModelResult.Error.
func (s *CompareService) Create(ctx context.Context, req CompareRequest, options ...Option) (*CompareResult, error) {
	return fetch[*CompareResult](ctx, s.transport, request{method: "POST", path: comparePath, body: req, isPaid: true}, options)
}

// Stream asks and returns as soon as the server has begun to answer.
func (s *CompareService) Stream(ctx context.Context, req CompareRequest, options ...Option) (*CompareStream, error) {
	return stream(ctx, s.transport, comparePath, req, &compareReader{}, options)
}
