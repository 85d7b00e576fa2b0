"""What an operator can set, one frozen class per room. `parley.config` fills them; each room receives only its own.

Defaults here are the defaults of contracts/config.md. Secrets stand in fields that `repr` leaves out.
"""

from dataclasses import dataclass, field

from parley.domain.models import Dialect
from parley.domain.usage import Price


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`auth` is keys or open. `admin_key` comes from PARLEY_ADMIN_KEY alone. Sizes in bytes, times in seconds."""

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    max_body_bytes: int = 4_194_304
    max_seats: int = 32
    max_models: int = 10
    max_answer_bytes: int = 4_194_304
    shutdown_grace_s: float = 30
    write_timeout_s: float = 30
    auth: str = "keys"
    cors_origins: tuple[str, ...] = ()
    root_path: str = ""
    trusted_proxies: tuple[str, ...] = ()
    metrics_open: bool = False
    admin_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Patience:
    """Times of the server that no file sets; tests shorten them. Source: contracts/gateway.md, code request_timeout,
    and contracts/roundtable.md, "Stream".

    `headers_s` and `body_s`: how long a client may take to send them; `keep_alive_s`: silence before a comment;
    `idle_s`: how long a connection may wait for its next request.
    """

    headers_s: float = 30.0
    body_s: float = 30.0
    keep_alive_s: float = 15.0
    idle_s: float = 75.0


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """`durability` is process (survives a killed process) or power (also a power cut). The URL may hold a password."""

    url: str = field(default="sqlite:///parley.db", repr=False)
    durability: str = "process"


@dataclass(frozen=True, slots=True)
class LimiterSettings:
    """`on_failure` is closed or open: what happens to requests while the limiter can't be reached."""

    url: str = field(default="memory://", repr=False)
    on_failure: str = "closed"


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """The engine's defaults (`[defaults]`); empty model names mean that there is no configured default."""

    summary_model: str = ""
    comparison_model: str = ""
    timeout_ms: int = 120_000
    connect_timeout_ms: int = 5_000
    first_token_timeout_ms: int = 60_000
    stall_timeout_ms: int = 30_000
    hold_output_tokens: int = 4_096


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    content: bool = False
    days: int = 30


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    otlp_endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Quirks:
    """How one vendor's wire differs from its dialect. Each field is a fact with its source in catalog/vendors.py."""

    output_token_field: str = "max_tokens"
    seed_field: str = "seed"
    supports_stream_usage: bool = True
    supports_structured_output: bool = True
    supports_json_object: bool = True
    supports_strict: bool = True
    supports_message_names: bool = True
    supports_named_tool: bool = True
    supports_required_tool: bool = True
    merges_system_messages: bool = False
    drops_reasoning_history: bool = False
    refused_parameters: frozenset[str] = frozenset()
    supports_reasoning_effort: bool = True


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """One configured provider. `path` is replay's; `tokens_per_s` sandbox's and replay's (None: their own).

    `headers` are sent with every call; `api_key` is the key itself, read from the variable that the file names.
    """

    name: str
    dialect: Dialect
    base_url: str = ""
    api_key: str | None = field(default=None, repr=False)
    api_key_env: str = ""
    max_concurrency: int = 0
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    ca_file: str = ""
    proxy: str = ""
    path: str = ""
    tokens_per_s: float | None = None
    quirks: Quirks = Quirks()
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class DeploymentSettings:
    provider: str
    model: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """One row of `[models]`; None means: what the catalog says."""

    name: str
    deployments: tuple[DeploymentSettings, ...]
    context_length: int | None = None
    max_output_tokens: int | None = None
    price: Price | None = None
    supports_structured_output: bool | None = None
    supports_tools: bool | None = None
    supports_images: bool | None = None


@dataclass(frozen=True, slots=True)
class PanelPreset:
    """One row of `[panels]`, callable as model `panel/NAME`; `choices` belongs to multiple_choice."""

    name: str
    models: tuple[str, ...]
    resolution: str = "summary"
    instructions: str | None = None
    summary_model: str | None = None
    choices: tuple[str, ...] = ()
    max_retries: int = 1
    timeout_ms: int | None = None
