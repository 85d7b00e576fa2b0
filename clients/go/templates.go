package parley

import "context"

// Template is the stored beginning of a conversation.
type Template struct {
	ID          string         `json:"id"` // a UUID
	Name        string         `json:"name"`
	Owner       string         `json:"owner"`     // the name of the key that it belongs to
	IsGlobal    bool           `json:"is_global"` // every key sees it
	Description string         `json:"description,omitempty"`
	System      string         `json:"system,omitempty"`
	Messages    []Message      `json:"messages"`
	Model       string         `json:"model,omitempty"`
	Params      map[string]any `json:"params"`     // numbers are [json.Number]
	Variables   []string       `json:"variables"`  // names of its placeholders
	CreatedAt   string         `json:"created_at"` // RFC 3339
	UpdatedAt   string         `json:"updated_at"` // RFC 3339
}

// TemplateFields is a template as it is made or changed. What is left at its zero value is not sent: a new template is without
// it, a changed one keeps it.
type TemplateFields struct {
	Name        string         `json:"name,omitempty"`        // what requests call it by
	Description string         `json:"description,omitempty"` // what it is for
	System      string         `json:"system,omitempty"`      // a system message; {{ name }} is a placeholder
	Messages    []Message      `json:"messages,omitempty"`    // before the request's own; placeholders in their texts
	Model       string         `json:"model,omitempty"`       // where a chat request names none
	Params      map[string]any `json:"params,omitempty"`      // such as "temperature", beneath the request's own
	Variables   []string       `json:"variables,omitempty"`   // further placeholders
	IsGlobal    *bool          `json:"is_global,omitempty"`   // admin keys alone may say true

	Clear []string `json:"-"` // names of fields to empty in an update, such as "model"
}

// MarshalJSON writes the fields that are set, and null for those to clear.
func (f TemplateFields) MarshalJSON() ([]byte, error) {
	type known TemplateFields
	cleared := make(map[string]any, len(f.Clear))
	for _, name := range f.Clear {
		cleared[name] = nil
	}
	return object(known(f), cleared)
}

// TemplatesService keeps templates.
type TemplatesService struct{ transport *transport }

const templatesPath = "/v1/templates"

// Create stores a template. It is tried again only where the server said that it did nothing, so that none is made twice.
func (s *TemplatesService) Create(ctx context.Context, fields TemplateFields, options ...Option) (*Template, error) {
	call := request{method: "POST", path: templatesPath, body: fields, onlyIfRefused: true}
	return fetch[*Template](ctx, s.transport, call, options)
}

// List returns the key's own templates and the global ones.
func (s *TemplatesService) List(ctx context.Context, options ...Option) ([]Template, error) {
	return fetch[[]Template](ctx, s.transport, request{method: "GET", path: templatesPath}, options)
}

// Get returns one template.
func (s *TemplatesService) Get(ctx context.Context, id string, options ...Option) (*Template, error) {
	return fetch[*Template](ctx, s.transport, request{method: "GET", path: below(templatesPath, id)}, options)
}

// Update changes the fields that are set, empties those to clear, and returns the whole template.
func (s *TemplatesService) Update(ctx context.Context, id string, fields TemplateFields, options ...Option) (*Template, error) {
	return fetch[*Template](ctx, s.transport, request{method: "PATCH", path: below(templatesPath, id), body: fields}, options)
}

// Delete removes a template.
func (s *TemplatesService) Delete(ctx context.Context, id string, options ...Option) error {
	return s.transport.call(ctx, request{method: "DELETE", path: below(templatesPath, id)}, nil, options)
}
