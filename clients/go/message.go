package parley

// Message is one turn of a conversation, asked or answered; an answer's message may be sent back as it is. In a chunk of a stream
// it is what is new.
type Message struct {
	Role             string     `json:"role,omitempty"`              // "system", "user", "assistant" or "tool"
	Content          any        `json:"content"`                     // a string, a []Part, or nil, as beside tool calls
	Name             string     `json:"name,omitempty"`              // who speaks, where a role is shared
	Refusal          string     `json:"refusal,omitempty"`           // why the model declines, in its words
	ReasoningContent string     `json:"reasoning_content,omitempty"` // where the provider shows it
	ToolCalls        []ToolCall `json:"tool_calls,omitempty"`        // what the assistant calls
	ToolCallID       string     `json:"tool_call_id,omitempty"`      // which call a tool answers
}

// SystemMessage returns instructions for the models.
func SystemMessage(text string) Message { return Message{Role: "system", Content: text} }

// UserMessage returns what the user says: a string, or a []Part with images.
func UserMessage[C string | []Part](content C) Message {
	return Message{Role: "user", Content: content}
}

// AssistantMessage returns what a model said before.
func AssistantMessage(text string) Message { return Message{Role: "assistant", Content: text} }

// ToolMessage returns what a tool answers to the call of this id.
func ToolMessage(callID, text string) Message {
	return Message{Role: "tool", Content: text, ToolCallID: callID}
}

// Text returns the content where it is text, as every answer's is, else "".
func (m Message) Text() string {
	text, _ := m.Content.(string)
	return text
}

// Part is one piece of a message that is more than text.
type Part struct {
	Type       string      `json:"type"`                  // "text", "image_url" or "input_audio"
	Text       string      `json:"text,omitempty"`        // with "text"
	ImageURL   *ImageURL   `json:"image_url,omitempty"`   // with "image_url"
	InputAudio *InputAudio `json:"input_audio,omitempty"` // with "input_audio"
}

// ImageURL is an image: a "data:" URL, or another that the provider itself fetches. Parley never does.
type ImageURL struct {
	URL    string `json:"url"`
	Detail string `json:"detail,omitempty"` // "low", "high" or "auto"
}

// InputAudio is a sound.
type InputAudio struct {
	Data   string `json:"data"`   // base64
	Format string `json:"format"` // such as "wav"
}

// ToolCall is a model's call of a tool, or in a chunk a piece of it.
type ToolCall struct {
	Index    *int         `json:"index,omitempty"` // which call a piece belongs to; in chunks alone
	ID       string       `json:"id,omitempty"`    // in chunks on the first piece
	Type     string       `json:"type,omitempty"`  // "function"
	Function FunctionCall `json:"function"`
}

// FunctionCall is what a tool call calls.
type FunctionCall struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"` // JSON text; in chunks a piece of it
}
