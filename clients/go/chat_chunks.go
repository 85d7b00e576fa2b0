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
			text = TextDelta{-1, chunk.Model, said, false}
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
