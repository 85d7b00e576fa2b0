package parley

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Model is something that can be asked. Strings are empty and numbers and truths nil where a fact is not known.
type Model struct {
	ID                       string   `json:"id"`     // what requests call it
	Object                   string   `json:"object"` // "model"
	Created                  int64    `json:"created"`
	OwnedBy                  string   `json:"owned_by"` // as Brand
	Name                     string   `json:"name"`     // for people
	Provider                 string   `json:"provider"` // where it is called; "panel" for a configured panel
	Brand                    string   `json:"brand"`    // who made it
	Type                     string   `json:"type"`     // "text"
	ModelType                string   `json:"model_type"`
	ContextLength            *int64   `json:"context_length,omitempty"` // tokens of input and output together
	ContextWindow            *int64   `json:"context_window,omitempty"` // as ContextLength
	MaxOutputTokens          *int64   `json:"max_output_tokens,omitempty"`
	IsFree                   bool     `json:"is_free"` // its price is known and 0
	Pricing                  Pricing  `json:"pricing"`
	SupportsTools            *bool    `json:"supports_tools,omitempty"`
	SupportsStructuredOutput *bool    `json:"supports_structured_output,omitempty"` // the provider itself holds it to a schema
	SupportsThinking         *bool    `json:"supports_thinking,omitempty"`
	SupportsSystemPrompt     *bool    `json:"supports_system_prompt,omitempty"`
	SupportsCompletionsAPI   *bool    `json:"supports_completions_api,omitempty"`
	InputModalities          []string `json:"input_modalities,omitempty"`
	OutputModalities         []string `json:"output_modalities,omitempty"`
	Description              string   `json:"description,omitempty"`
	Sandbox                  bool     `json:"sandbox,omitempty"`      // a deterministic program, no language model
	IsComposite              bool     `json:"is_composite,omitempty"` // a configured panel
	CompositeModels          []string `json:"composite_models,omitempty"`
}

// Pricing is US dollars as decimals, empty where not known.
type Pricing struct {
	PromptUSDPer1K            string `json:"prompt_usd_per_1k,omitempty"`
	CompletionUSDPer1K        string `json:"completion_usd_per_1k,omitempty"`
	PricingUnit               string `json:"pricing_unit"` // "token"
	PromptUSDPer1M            string `json:"prompt_usd_per_1m,omitempty"`
	CompletionUSDPer1M        string `json:"completion_usd_per_1m,omitempty"`
	CacheReadInputUSDPer1M    string `json:"cache_read_input_usd_per_1m,omitempty"`
	CacheWriteInputUSDPer1M   string `json:"cache_write_input_usd_per_1m,omitempty"`
	LongContextInputUSDPer1M  string `json:"long_context_input_usd_per_1m,omitempty"`
	LongContextOutputUSDPer1M string `json:"long_context_output_usd_per_1m,omitempty"`
}

// ModelFilter narrows a list of models; its zero value takes all.
type ModelFilter struct {
	Free     *bool  // those whose price is known to be 0, or all others
	Type     string // such as "text"
	Provider string // where they are called
}

// ModelSearch asks for a page of the models that hold every word of Q.
type ModelSearch struct {
	Q      string // blanks part the words
	Limit  int    // up to 500; 50 unless said
	Offset int    // models to pass over
}

// ModelPage is a page of models.
type ModelPage struct {
	Items  []Model  `json:"items"`
	Total  int      `json:"total"` // found in all
	Limit  int      `json:"limit"`
	Offset int      `json:"offset"`
	Brands []string `json:"brands"` // of all that was found
}

// ModelsService lists what can be asked.
type ModelsService struct{ transport *transport }

// List returns the models and panels.
func (s *ModelsService) List(ctx context.Context, filter ModelFilter, options ...Option) ([]Model, error) {
	query := queryOf("type", filter.Type, "provider", filter.Provider)
	if filter.Free != nil {
		query.Set("free", strconv.FormatBool(*filter.Free))
	}
	list, err := fetch[struct{ Data []Model }](ctx, s.transport, request{method: "GET", path: "/v1/models", query: query}, options)
	return list.Data, err
}

// Search returns a page of the models that were looked for.
func (s *ModelsService) Search(ctx context.Context, search ModelSearch, options ...Option) (*ModelPage, error) {
	query := queryOf("q", search.Q, "limit", search.Limit, "offset", search.Offset)
	return fetch[*ModelPage](ctx, s.transport, request{method: "GET", path: "/v1/models/search", query: query}, options)
}

// Get returns one model, listed or not: whatever name a request may use.
func (s *ModelsService) Get(ctx context.Context, id string, options ...Option) (*Model, error) {
	path := "/v1/models/" + strings.ReplaceAll(url.PathEscape(id), "%2F", "/") // these ids hold slashes
	return fetch[*Model](ctx, s.transport, request{method: "GET", path: path}, options)
}

// queryOf returns the pairs of name and value, a string or a number, but for empty ones and zeros.
func queryOf(pairs ...any) url.Values {
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if value := pairs[i+1]; value != "" && value != 0 {
			query.Set(pairs[i].(string), fmt.Sprint(value))
		}
	}
	return query
}
