package parley

import (
	"cmp"
	"encoding/json"
	"strings"
)

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
	whole    ChatCompletion
	content  strings.Builder
	hasBegun bool
}

// create knows one kind, which says nothing of itself.
func (r *chatReader) create(string) (*ChatChunk, bool) { return new(ChatChunk), true }

func (r *chatReader) keep(chunk *ChatChunk) {
	usage, cost := cmp.Or(chunk.Usage, r.whole.Usage), cmp.Or(chunk.Cost, r.whole.Cost)
	warnings := append(r.whole.Warnings, chunk.Warnings...)
	r.whole.CompletionHead = chunk.CompletionHead
	r.whole.Object, r.whole.Usage, r.whole.Cost, r.whole.Warnings = "chat.completion", usage, cost, warnings
	r.hasBegun = true
	for _, piece := range chunk.Choices {
		if len(r.whole.Choices) == 0 { // there is never more than one
			r.whole.Choices = []Choice{{Message: Message{Role: "assistant"}}}
		}
		choice := &r.whole.Choices[0]
		choice.FinishReason = cmp.Or(piece.FinishReason, choice.FinishReason)
		r.content.WriteString(piece.Delta.Text())
		choice.Message.Refusal += piece.Delta.Refusal
		choice.Message.ReasoningContent += piece.Delta.ReasoningContent
		for _, part := range piece.Delta.ToolCalls {
			choice.Message.addToolCall(part)
		}
	}
}

func (r *chatReader) text(chunk *ChatChunk) (TextDelta, bool) {
	if len(chunk.Choices) == 0 || chunk.Choices[0].Delta.Text() == "" {
		return TextDelta{}, false
	}
	return TextDelta{Index: -1, Model: chunk.Model, Text: chunk.Choices[0].Delta.Text()}, true
}

func (r *chatReader) result() *ChatCompletion {
	if !r.hasBegun {
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
