package parley

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
)

// ChatRequest is a chat completion as OpenAI defines it, with what Parley adds.
type ChatRequest struct {
	Model               string            `json:"model,omitempty"`    // a model, or "panel/NAME" for a configured panel
	Models              []string          `json:"models,omitempty"`   // fallbacks, tried in order after Model
	Messages            []Message         `json:"messages,omitempty"` // may be empty beside Template
	Temperature         *float64          `json:"temperature,omitempty"`
	TopP                *float64          `json:"top_p,omitempty"`
	MaxTokens           int               `json:"max_tokens,omitempty"`
	MaxCompletionTokens int               `json:"max_completion_tokens,omitempty"` // the newer name of MaxTokens
	Seed                *int64            `json:"seed,omitempty"`
	Stop                []string          `json:"stop,omitempty"`             // texts at which the answer ends
	ReasoningEffort     string            `json:"reasoning_effort,omitempty"` // "none" to "max", on each provider's own scale
	Tools               []Tool            `json:"tools,omitempty"`
	ToolChoice          any               `json:"tool_choice,omitempty"` // "none", "auto", "required", or OpenAI's object
	ParallelToolCalls   *bool             `json:"parallel_tool_calls,omitempty"`
	ResponseFormat      *ResponseFormat   `json:"response_format,omitempty"`
	StreamOptions       *StreamOptions    `json:"stream_options,omitempty"` // with Stream alone
	N                   int               `json:"n,omitempty"`              // 1; for several answers ask several models
	Timeout             float64           `json:"timeout,omitempty"`        // the server's own, in seconds, up to 300
	Cache               bool              `json:"cache,omitempty"`          // an answer of the last 24 hours will do
	Template            string            `json:"template,omitempty"`       // name or id of a stored template
	Variables           map[string]string `json:"variables,omitempty"`      // values of its placeholders
	Extra               map[string]any    `json:"-"`                        // further fields, which go to the provider
}

// MarshalJSON writes the request with its Extra fields.
func (r ChatRequest) MarshalJSON() ([]byte, error) {
	type known ChatRequest
	return object(known(r), r.Extra)
}

// Tool is a function that a model may call.
type Tool struct {
	Type     string   `json:"type"` // "function"
	Function Function `json:"function"`
}

// Function describes a function to a model.
type Function struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"` // JSON Schema of its arguments, as [Schema] makes it
	Strict      *bool           `json:"strict,omitempty"`     // the provider holds the model to the schema
}

// ResponseFormat is the form of an answer.
type ResponseFormat struct {
	Type       string      `json:"type"`                  // "text", "json_object" or "json_schema"
	JSONSchema *JSONSchema `json:"json_schema,omitempty"` // with "json_schema"
}

// JSONSchema is a schema with the name that some providers show to the model.
type JSONSchema struct {
	Name   string          `json:"name,omitempty"`
	Schema json.RawMessage `json:"schema"` // as [Schema] makes it
	Strict *bool           `json:"strict,omitempty"`
}

// StreamOptions says what a chat stream carries besides.
type StreamOptions struct {
	IncludeUsage bool `json:"include_usage,omitempty"` // a last chunk with the usage
}

// ChatCompletion is the answer to a chat request.
type ChatCompletion struct {
	CompletionHead
	Choices []Choice `json:"choices"` // one
}

// CompletionHead is what a chat completion and a chunk of it have in common.
type CompletionHead struct {
	ID       string     `json:"id"`                 // the same on every chunk
	Object   string     `json:"object"`             // "chat.completion" or "chat.completion.chunk"
	Created  int64      `json:"created"`            // seconds since 1970
	Model    string     `json:"model"`              // who answers
	Usage    *ChatUsage `json:"usage,omitempty"`    // in a stream on the last chunk, with StreamOptions.IncludeUsage
	Warnings []string   `json:"warnings,omitempty"` // what the model could not be given
	Cost     string     `json:"cost,omitempty"`     // US dollars as a decimal; empty where a price is not known
}

// Text returns the answer's text.
func (c *ChatCompletion) Text() string {
	if len(c.Choices) == 0 {
		return ""
	}
	return c.Choices[0].Message.Text()
}

// Choice is an answer.
type Choice struct {
	Index        int             `json:"index"`
	Message      Message         `json:"message"`
	FinishReason string          `json:"finish_reason"`      // "stop", "length", "tool_calls" or "content_filter"
	Logprobs     json.RawMessage `json:"logprobs,omitempty"` // as the provider gave them
}

// ChatUsage is tokens as OpenAI's API counts them.
type ChatUsage struct {
	PromptTokens            int64            `json:"prompt_tokens"`                       // all input
	CompletionTokens        int64            `json:"completion_tokens"`                   // all output, reasoning included
	TotalTokens             int64            `json:"total_tokens"`                        // both together
	PromptTokensDetails     map[string]int64 `json:"prompt_tokens_details,omitempty"`     // "cached_tokens", "cache_write_tokens"
	CompletionTokensDetails map[string]int64 `json:"completion_tokens_details,omitempty"` // "reasoning_tokens"
	Estimated               bool             `json:"estimated,omitempty"`                 // counted from the text, not by the provider
}

// ChatService has one resource.
type ChatService struct {
	Completions *CompletionsService
}

// CompletionsService asks one model, or a configured panel as if it were one.
type CompletionsService struct{ transport *transport }

const chatPath = "/v1/chat/completions"

// Create asks and waits for the answer.
func (s *CompletionsService) Create(ctx context.Context, req ChatRequest, options ...Option) (*ChatCompletion, error) {
	return fetch[*ChatCompletion](ctx, s.transport, request{method: "POST", path: chatPath, body: req, isPaid: true}, options)
}

// Stream asks and returns when the first piece of the answer is there.
func (s *CompletionsService) Stream(ctx context.Context, req ChatRequest, options ...Option) (*ChatStream, error) {
	return stream(ctx, s.transport, chatPath, req, &chatReader{}, options)
}

// ChatStream is a chat completion under way.
type ChatStream = Stream[*ChatChunk, ChatCompletion]

// ChatChunk is a piece of a chat completion.
type ChatChunk struct {
	CompletionHead
	Choices []ChunkChoice `json:"choices"` // one; none on the chunk that carries the usage
}

// ChunkChoice is a piece of an answer.
type ChunkChoice struct {
	Index        int             `json:"index"`
	Delta        Message         `json:"delta"`                   // what is new
	FinishReason string          `json:"finish_reason,omitempty"` // on the last piece
	Logprobs     json.RawMessage `json:"logprobs,omitempty"`      // as the provider gave them
}

// chatReader puts the completion together.
type chatReader struct {
	whole   ChatCompletion
	content strings.Builder
}

// create knows one kind, which says nothing of itself.
func (*chatReader) create(string) func() *ChatChunk {
	return func() *ChatChunk { return new(ChatChunk) }
}

func (r *chatReader) keep(chunk *ChatChunk) (text TextDelta) {
	last := r.whole.CompletionHead
	r.whole.CompletionHead = chunk.CompletionHead
	r.whole.Object, r.whole.Warnings = "chat.completion", append(last.Warnings, chunk.Warnings...)
	r.whole.Usage, r.whole.Cost = cmp.Or(chunk.Usage, last.Usage), cmp.Or(chunk.Cost, last.Cost)
	for _, piece := range chunk.Choices {
		if len(r.whole.Choices) == 0 { // there is never more than one
			r.whole.Choices = []Choice{{Message: Message{Role: "assistant"}}}
		}
		choice := &r.whole.Choices[0]
		choice.FinishReason = cmp.Or(piece.FinishReason, choice.FinishReason)
		choice.Message.Refusal += piece.Delta.Refusal
		choice.Message.ReasoningContent += piece.Delta.ReasoningContent
		for _, part := range piece.Delta.ToolCalls {
			choice.Message.addToolCall(part)
		}
		if said := piece.Delta.Text(); said != "" {
			r.content.WriteString(said)
			text = TextDelta{Index: -1, Model: chunk.Model, Text: said}
		}
	}
	return text
}

func (r *chatReader) result() *ChatCompletion {
	if r.whole.Object == "" { // nothing has come
		return nil
	}
	// An empty text is how chunks begin, also those of tool calls and refusals, whose whole message has none.
	if r.content.Len() > 0 && len(r.whole.Choices) > 0 {
		r.whole.Choices[0].Message.Content = r.content.String()
	}
	return &r.whole
}

// addToolCall adds a piece to the call of its index; a piece without one belongs to the last call.
func (m *Message) addToolCall(piece ToolCall) {
	place := len(m.ToolCalls) - 1
	if piece.Index != nil {
		place = *piece.Index
	}
	if place < 0 || place >= len(m.ToolCalls) {
		m.ToolCalls = append(m.ToolCalls, ToolCall{Type: "function"})
		place = len(m.ToolCalls) - 1
	}
	call := &m.ToolCalls[place]
	call.ID = cmp.Or(piece.ID, call.ID)
	call.Function.Name += piece.Function.Name
	call.Function.Arguments += piece.Function.Arguments
}
