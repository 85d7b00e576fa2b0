package parley

import "context"

// UsageFilter says which calls are meant; its zero value takes all that the key may see.
type UsageFilter struct {
	Since  string `json:"since,omitempty"`  // from this time on, RFC 3339
	Until  string `json:"until,omitempty"`  // before this time, RFC 3339
	Model  string `json:"model,omitempty"`  // of this model
	Status string `json:"status,omitempty"` // "ok", "failed", "cancelled", "abandoned" or "running"
	KeyID  string `json:"key_id,omitempty"` // of this key; an ordinary key sees its own alone
}

// UsageEventsQuery asks for a page of events.
type UsageEventsQuery struct {
	UsageFilter
	PanelID   string `json:"panel_id,omitempty"`   // "rt_…" or "cmp_…"
	RequestID string `json:"request_id,omitempty"` // "req_…"
	Limit     int    `json:"limit,omitempty"`      // up to 200; 50 unless said
	Offset    int    `json:"offset,omitempty"`     // events to pass over
}

// TokenCounts is tokens by kind.
type TokenCounts struct {
	InputTokens         int64 `json:"input_tokens"`          // cached input included
	OutputTokens        int64 `json:"output_tokens"`         // reasoning included
	CacheReadTokens     int64 `json:"cache_read_tokens"`     // part of the input
	CacheCreationTokens int64 `json:"cache_creation_tokens"` // part of the input
	ReasoningTokens     int64 `json:"reasoning_tokens"`      // part of the output
}

// UsageTotals is what was used in all.
type UsageTotals struct {
	Requests     map[string]int64 `json:"requests"` // "total" and by outcome; one may count under several
	Events       map[string]int64 `json:"events"`   // model calls, retries within them: the same
	Tokens       TokenCounts      `json:"tokens"`
	TotalCostUSD string           `json:"total_cost_usd"` // a decimal, as far as prices are known
	CostComplete bool             `json:"cost_complete"`  // every price is known
	ByModel      []ModelUsage     `json:"by_model"`
}

// ModelUsage is one model's share.
type ModelUsage struct {
	Model  string `json:"model"`
	Events int64  `json:"events"`
	TokenCounts
	CostUSD string `json:"cost_usd"` // a decimal, as far as prices are known
}

// UsageEvent is one call of a model: a seat, a consolidation or a chat.
type UsageEvent struct {
	ID        string `json:"id"`
	KeyID     string `json:"key_id"`
	KeyName   string `json:"key_name"`
	RequestID string `json:"request_id"`
	PanelID   string `json:"panel_id,omitempty"`   // empty for a chat
	Role      string `json:"role"`                 // "seat", "consolidation" or "chat"
	SeatIndex *int   `json:"seat_index,omitempty"` // nil where there is none
	Attempts  int    `json:"attempts"`             // upstream calls; see [UsageService.Attempts]
	UsageRecord
	UpstreamCost string `json:"upstream_cost,omitempty"` // Cost by the provider's own account
	Cached       bool   `json:"cached"`                  // from the cache, for nothing
}

// UsageRecord is what an event and an attempt have in common.
type UsageRecord struct {
	Time      string      `json:"time"`               // when it began, RFC 3339
	Provider  string      `json:"provider,omitempty"` // where it was made
	Model     string      `json:"model"`              // in an attempt the provider's name of it
	Usage     TokenCounts `json:"usage"`
	Cost      string      `json:"cost,omitempty"`       // US dollars as a decimal; empty where the price is not known
	Estimated bool        `json:"estimated"`            // tokens were counted from the text
	LatencyMS *int64      `json:"latency_ms,omitempty"` // milliseconds, of an event with its retries
	Outcome   string      `json:"outcome"`              // "ok", "failed", "cancelled", "abandoned" or "running"
	ErrorCode string      `json:"error_code,omitempty"` // why it failed
}

// UsageEvents is a page of events, newest first.
type UsageEvents struct {
	Events []UsageEvent `json:"events"`
	Total  int          `json:"total"`
	Limit  int          `json:"limit"`
	Offset int          `json:"offset"`
}

// UsageAttempts is the upstream calls behind one event.
type UsageAttempts struct {
	EventID  string         `json:"event_id"`
	Attempts []UsageAttempt `json:"attempts"` // in order
}

// UsageAttempt is one upstream call.
type UsageAttempt struct {
	Attempt int `json:"attempt"` // from 1
	UsageRecord
	FirstTokenMS *int64 `json:"first_token_ms,omitempty"` // milliseconds
}

// RateLimits is how full the windows of the calling key are; a key without limits has none.
type RateLimits struct {
	KeyID   string            `json:"key_id"`
	Windows []RateLimitWindow `json:"windows"`
}

// RateLimitWindow is one limit.
type RateLimitWindow struct {
	Name          string  `json:"name"` // "rpm" or "rpd"
	WindowSeconds int     `json:"window_seconds"`
	Limit         int64   `json:"limit"`
	Used          int64   `json:"used"`
	Remaining     int64   `json:"remaining"`
	Share         float64 `json:"share"`         // Used of Limit; above 1 where the limit was lowered
	ResetSeconds  int64   `json:"reset_seconds"` // until there is room again
}

// Balance is what the calling key may still spend: US dollars as decimals, empty without a cap.
type Balance struct {
	BalanceUSD       string `json:"balance_usd,omitempty"`   // left of the tighter cap
	ReservedUSD      string `json:"reserved_usd,omitempty"`  // held by running requests
	AvailableUSD     string `json:"available_usd,omitempty"` // the difference
	SpentUSD         string `json:"spent_usd"`
	SpentMonthUSD    string `json:"spent_month_usd"` // in this calendar month, UTC
	SpendCapUSD      string `json:"spend_cap_usd,omitempty"`
	SpendCapMonthUSD string `json:"spend_cap_month_usd,omitempty"`
}

// UsageService tells what was used and what it cost.
type UsageService struct{ transport *transport }

// Totals returns the sums of the calls that are meant.
func (s *UsageService) Totals(ctx context.Context, filter UsageFilter, options ...Option) (*UsageTotals, error) {
	return fetch[*UsageTotals](ctx, s.transport, request{method: "POST", path: "/v1/usage", body: filter}, options)
}

// Events returns a page of the calls that are meant: N+1 for a panel of N with a consolidation.
func (s *UsageService) Events(ctx context.Context, query UsageEventsQuery, options ...Option) (*UsageEvents, error) {
	return fetch[*UsageEvents](ctx, s.transport, request{method: "POST", path: "/v1/usage/events", body: query}, options)
}

// Attempts returns every upstream call behind one event.
func (s *UsageService) Attempts(ctx context.Context, eventID string, options ...Option) (*UsageAttempts, error) {
	return fetch[*UsageAttempts](ctx, s.transport, request{method: "GET", path: below("/v1/usage/events", eventID) + "/attempts"}, options)
}

// RateLimits returns the windows of the calling key.
func (s *UsageService) RateLimits(ctx context.Context, options ...Option) (*RateLimits, error) {
	return fetch[*RateLimits](ctx, s.transport, request{method: "GET", path: "/v1/usage/rate-limits"}, options)
}

// Balance returns what the calling key may still spend.
func (s *UsageService) Balance(ctx context.Context, options ...Option) (*Balance, error) {
	return fetch[*Balance](ctx, s.transport, request{method: "GET", path: "/v1/balance"}, options)
}
