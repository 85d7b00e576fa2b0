"""The configuration: defaults and bounds, overrides, providers, names that lead nowhere, lines in errors."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest

from parley.config import Config, ConfigError, load_config, read_environment
from parley.config.document import line_of
from parley.config.sections import SCALARS, override_name
from parley.domain.models import Dialect
from parley.domain.settings import (
    DeploymentSettings,
    LimiterSettings,
    PanelSettings,
    RetentionSettings,
    ServerSettings,
    StoreSettings,
    TelemetrySettings,
)
from parley.domain.usage import Price, Rates

ROOT = Path(__file__).parent.parent
OPENAI = "[providers.openai]\n"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration file and return its path."""

    def write_file(text: str) -> Path:
        path = tmp_path / "parley.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def refusal(path: Path | None, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, environ or {})
    return str(caught.value)


def names(config: Config) -> list[str]:
    return [provider.name for provider in config.providers]


# Files


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(None, {})
    assert config.server == ServerSettings()
    assert (config.store, config.limiter, config.panel) == (StoreSettings(), LimiterSettings(), PanelSettings())
    assert (config.retention, config.telemetry) == (RetentionSettings(), TelemetrySettings())
    assert (names(config), config.wants_discovery, config.source) == (["sandbox"], True, None)


def test_file_is_found_by_argument_then_variable_then_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, port in (("parley.toml", 1), ("by_variable.toml", 2), ("by_argument.toml", 3)):
        (tmp_path / name).write_text(f"[server]\nport = {port}\n")
    environ = {"PARLEY_CONFIG": "by_variable.toml"}
    assert load_config(None, {}).server.port == 1
    assert load_config(None, environ).server.port == 2
    assert load_config(Path("by_argument.toml"), environ).server.port == 3


def test_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    assert "named by --config, is not there" in refusal(tmp_path / "nope.toml")
    assert "named by PARLEY_CONFIG, is not there" in refusal(None, {"PARLEY_CONFIG": str(tmp_path / "nope.toml")})


def test_broken_toml_and_broken_text_name_the_place(write: Write, tmp_path: Path) -> None:
    assert re.search(r"parley.toml is not TOML: .*line 2", refusal(write("[server]\nport = = 1\n")))
    (tmp_path / "bytes.toml").write_bytes(b'[server]\nhost = "\xff"\n')
    assert "is not UTF-8 at byte 17" in refusal(tmp_path / "bytes.toml")


def test_example_file_holds_every_key_with_its_default() -> None:
    example = ROOT / "parley.example.toml"
    config = load_config(example, {})
    assert config.server == ServerSettings()
    assert (config.store, config.limiter, config.panel) == (StoreSettings(), LimiterSettings(), PanelSettings())
    assert (config.retention, config.telemetry) == (RetentionSettings(), TelemetrySettings())
    text = example.read_text(encoding="utf-8")
    sections = {"server": ServerSettings, "store": StoreSettings, "limiter": LimiterSettings, "defaults": PanelSettings}
    for section, settings in {**sections, "retention": RetentionSettings, "telemetry": TelemetrySettings}.items():
        for each in fields(settings):
            if each.name != "admin_key":
                assert line_of(text, (section, each.name)) != line_of(text, (section,)), (section, each.name)


def test_examples_commented_sections_are_valid_too(write: Write, tmp_path: Path) -> None:
    text = (ROOT / "parley.example.toml").read_text(encoding="utf-8")
    body = text[text.index("# [providers.openai]") :]
    lines = [line.removeprefix("# ") for line in body.splitlines() if re.match(r"# (\[|[a-z_0-9]+ = )", line)]
    wished = [line for line in lines if not line.startswith("timeout_ms")]
    (tmp_path / "answers.jsonl.gz").write_bytes(b"")
    path = write("[providers.anthropic]\n" + "\n".join(wished))
    config = load_config(path, {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"})
    assert set(names(config)) == {"anthropic", "openai", "sandbox", "recorded"}
    assert (len(config.models), len(config.panels), config.notes) == (1, 1, ())


# Unknown keys, types, bounds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server]\n\nprot = 1\n", ":3: server.prot is not a setting of [server]; did you mean port?"),
        ("[servre]\nport = 1\n", ":1: servre is not a section; did you mean server?"),
        ("port = 1\n", ":1: port is not a section; known: defaults, limiter"),
        ('[server]\nport = "80"\n', ":2: server.port is text, '80'; it is a whole number"),
        ("[server]\nport = 80.0\n", ":2: server.port is a number, 80.0; it is a whole number"),
        ("[server]\nport = true\n", ":2: server.port is true or false, True; it is a whole number"),
        ("[server]\nhost = 1\n", ":2: server.host is a whole number, 1; it is text"),
        ('[server]\nmetrics_open = "no"\n', ":2: server.metrics_open is text, 'no'; it is true or false"),
        ('[server]\ncors_origins = "x"\n', ":2: server.cors_origins is 'x'; it is a list of texts"),
        ("[server]\ncors_origins = [1]\n", ":2: server.cors_origins is [1]; it is a list of texts"),
        ("server = 1\n", ":1: server is a whole number; it is a table, [server]"),
        ("[[models]]\n", ":1: models is a list; it is a table, [models]"),
        (
            '[store]\ndurability = "pwoer"\n',
            ":2: store.durability is 'pwoer'; it is one of process, power (did you mean",
        ),
        ("[retention]\ndays = 2026-01-01\n", ":2: retention.days is a date or time"),
    ],
)
def test_fault_names_line_key_value_and_remedy(write: Write, text: str, message: str) -> None:
    path = write(text)
    assert refusal(path).startswith(str(path) + message)


@pytest.mark.parametrize(
    ("section", "key", "least", "most"),
    [
        ("server", "port", 0, 65_535),
        ("server", "max_body_bytes", 1_024, 1 << 30),
        ("server", "max_seats", 1, 256),
        ("server", "max_models", 1, 256),
        ("server", "max_answer_bytes", 1_024, 1 << 30),
        ("server", "shutdown_grace_s", 0, 86_400),
        ("defaults", "timeout_ms", 1, 300_000),
        ("defaults", "connect_timeout_ms", 1, 300_000),
        ("defaults", "first_token_timeout_ms", 1, 300_000),
        ("defaults", "stall_timeout_ms", 1, 300_000),
        ("defaults", "hold_output_tokens", 1, 10_000_000),
        ("retention", "days", 1, 36_500),
    ],
)
def test_bounds_hold_at_and_around_their_ends(write: Write, section: str, key: str, least: int, most: int) -> None:
    for value in (least, most):
        load_config(write(f"[{section}]\n{key} = {value}\n"), {})
    assert f":2: {section}.{key} is {least - 1}; the least is {least}" in refusal(
        write(f"[{section}]\n{key} = {least - 1}\n")
    )
    assert f":2: {section}.{key} is {most + 1}; the most is {most}" in refusal(
        write(f"[{section}]\n{key} = {most + 1}\n")
    )


def test_seconds_may_be_whole_or_broken(write: Write) -> None:
    assert load_config(write("[server]\nwrite_timeout_s = 5\n"), {}).server.write_timeout_s == 5.0
    assert load_config(write("[server]\nwrite_timeout_s = 0.5\n"), {}).server.write_timeout_s == 0.5
    assert "the least is 0.1" in refusal(write("[server]\nwrite_timeout_s = 0.05\n"))
    assert "write_timeout_s is nan" in refusal(write("[server]\nwrite_timeout_s = nan\n"))


# The server's own rules


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_open_auth_is_taken_on_loopback(write: Write, host: str) -> None:
    assert load_config(write(f'[server]\nauth = "open"\nhost = "{host}"\n'), {}).server.auth == "open"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", "127.0.0.1.example.org"])
def test_open_auth_is_refused_elsewhere(write: Write, host: str) -> None:
    message = refusal(write(f'[server]\nhost = "{host}"\nauth = "open"\n'))
    assert ":3: server.auth is 'open' while server.host is" in message


def test_several_workers_need_a_shared_limiter(write: Write) -> None:
    message = refusal(write("[server]\nworkers = 2\n"))
    assert ":2: server.workers is 2 while limiter.url is memory://" in message
    assert "count by itself" in message
    shared = load_config(write('[server]\nworkers = 2\n[limiter]\nurl = "redis://127.0.0.1:6379/0"\n'), {})
    assert shared.server.workers == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[server]\nroot_path = "parley"\n', "server.root_path is 'parley'; it begins with /"),
        ('[server]\nroot_path = "/parley/"\n', "does not end with one"),
        ('[server]\ncors_origins = ["app.example.org"]\n', "server.cors_origins holds 'app.example.org'"),
        ('[server]\ncors_origins = ["https://a.example/x"]\n', "an origin is https://host"),
        ('[server]\ntrusted_proxies = ["proxy"]\n', "server.trusted_proxies holds 'proxy'"),
        ('[telemetry]\notlp_endpoint = "collector:4318"\n', "it is an address such as http://127.0.0.1:4318"),
        ('[limiter]\nurl = "mem://"\n', "limiter.url begins with neither memory:// nor redis://"),
        ('[store]\nurl = "sqlite:///"\n', "store.url names no file"),
    ],
)
def test_text_that_makes_no_sense_is_refused(write: Write, text: str, message: str) -> None:
    assert message in refusal(write(text))


def test_password_in_an_address_is_neither_shown_in_errors_nor_in_repr(write: Write) -> None:
    assert "hunter2" not in refusal(write('[store]\nurl = "mysql://me:hunter2@db/x"\n'))
    config = load_config(write('[store]\nurl = "postgresql://me:hunter2@db/x"\n'), {"OPENAI_API_KEY": "sk-hidden"})
    assert "hunter2" not in repr(config)
    assert "sk-hidden" not in repr(config)


# The environment


def test_every_scalar_can_be_overridden(tmp_path: Path) -> None:
    samples = {str: "x", int: "7", float: "7.5", bool: "true"}
    fitting = {"auth": "open", "durability": "power", "on_failure": "open", "root_path": "/x", "workers": "1"}
    fitting |= {"max_body_bytes": "5000", "max_answer_bytes": "5000", "summary_model": "sandbox/judge"}
    fitting |= {"comparison_model": "sandbox/judge", "otlp_endpoint": "http://127.0.0.1:1", "host": "127.0.0.2"}
    urls = {"store": "sqlite:///x.db", "limiter": "redis://h"}
    classes = {"server": ServerSettings(), "store": StoreSettings(), "limiter": LimiterSettings()}
    classes |= {"defaults": PanelSettings(), "retention": RetentionSettings(), "telemetry": TelemetrySettings()}
    environ = {}
    for section, keys in SCALARS.items():
        for key in keys:
            usual = getattr(classes[section], key)
            kind = float if key.endswith("_s") else type(usual)
            environ[override_name(section, key)] = urls[section] if key == "url" else fitting.get(key, samples[kind])
    config = load_config(None, environ)
    parts = {"server": config.server, "store": config.store, "limiter": config.limiter, "defaults": config.panel}
    for section, part in {**parts, "retention": config.retention, "telemetry": config.telemetry}.items():
        for key in SCALARS[section]:
            if key != "workers":
                assert getattr(part, key) != getattr(classes[section], key), (section, key)


def test_environment_wins_over_the_file(write: Write) -> None:
    assert load_config(write("[server]\nport = 1\n"), {"PARLEY_SERVER_PORT": "2"}).server.port == 2


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PARLEY_SERVER_PORT", "abc", "PARLEY_SERVER_PORT is 'abc'; it is a whole number"),
        ("PARLEY_SERVER_PORT", "70000", "PARLEY_SERVER_PORT is 70000; the most is 65535"),
        ("PARLEY_SERVER_METRICS_OPEN", "maybe", "PARLEY_SERVER_METRICS_OPEN is 'maybe'; it is true or false"),
        ("PARLEY_SERVER_PROT", "1", "PARLEY_SERVER_PROT overrides no setting; did you mean PARLEY_SERVER_PORT?"),
        ("PARLEY_STORE_WHATEVER", "1", "PARLEY_STORE_WHATEVER overrides no setting"),
        ("PARLEY_SERVER_CORS_ORIGINS", "*", "PARLEY_SERVER_CORS_ORIGINS is a list; lists are set in the file"),
        ("SANDBOX_TPS", "fast", "SANDBOX_TPS is 'fast'; it is tokens per second"),
    ],
)
def test_bad_variable_is_refused_by_its_name(name: str, value: str, message: str) -> None:
    assert refusal(None, {name: value}).startswith(message)


@pytest.mark.parametrize(
    "name", ["PARLEY_URL", "PARLEY_API_KEY", "PARLEY_REQUIRE_ALL", "PARLEY_SERVICE_HOST", "PARLEY_PORT_8080_TCP_ADDR"]
)
def test_names_of_their_own_and_an_orchestrators_are_no_overrides(name: str) -> None:
    assert load_config(None, {name: "x"}).notes == ()


def test_variable_that_resembles_nothing_is_noted() -> None:
    assert load_config(None, {"PARLEY_FOO": "x"}).notes == (
        "the variable PARLEY_FOO means nothing to Parley and is ignored",
    )


def test_admin_key_has_a_least_length_and_is_never_shown() -> None:
    assert load_config(None, {"PARLEY_ADMIN_KEY": "k" * 32}).server.admin_key == "k" * 32
    assert load_config(None, {"PARLEY_ADMIN_KEY": ""}).server.admin_key is None
    message = refusal(None, {"PARLEY_ADMIN_KEY": "q" * 31})
    assert message.startswith("PARLEY_ADMIN_KEY has 31 characters; it has 32 or more")
    assert "qq" not in message
    assert "blank" in refusal(None, {"PARLEY_ADMIN_KEY": "k" * 31 + " "})


# Providers


@pytest.mark.parametrize(
    ("variable", "provider"),
    [
        ("OPENAI_API_KEY", "openai"),
        ("ANTHROPIC_API_KEY", "anthropic"),
        ("GEMINI_API_KEY", "gemini"),
        ("MISTRAL_API_KEY", "mistral"),
        ("GROQ_API_KEY", "groq"),
        ("XAI_API_KEY", "xai"),
        ("DEEPSEEK_API_KEY", "deepseek"),
        ("OPENROUTER_API_KEY", "openrouter"),
        ("TOGETHER_API_KEY", "together"),
    ],
)
def test_key_in_the_environment_switches_its_provider_on(variable: str, provider: str) -> None:
    config = load_config(None, {variable: " secret\n"})
    assert names(config) == [provider, "sandbox"]
    assert config.providers[0].api_key == "secret"
    assert config.wants_discovery


def test_provider_section_switches_the_environments_off(write: Write) -> None:
    config = load_config(write(OPENAI), {"OPENAI_API_KEY": "a", "GROQ_API_KEY": "b"})
    assert names(config) == ["openai", "sandbox"]
    assert not config.wants_discovery


def test_vendors_name_fills_in_what_a_section_leaves_out(write: Write) -> None:
    provider = load_config(write("[providers.anthropic]\n"), {"ANTHROPIC_API_KEY": "k"}).providers[0]
    assert (provider.dialect, provider.base_url) == (Dialect.ANTHROPIC, "https://api.anthropic.com")
    assert (provider.api_key, provider.api_key_env, provider.is_local) == ("k", "ANTHROPIC_API_KEY", False)


def test_provider_of_another_name_gets_its_vendors_quirks_by_address(write: Write) -> None:
    text = '[providers.mine]\ndialect = "openai"\nbase_url = "https://api.openai.com/v1/"\n'
    provider = load_config(write(text), {}).providers[0]
    assert provider.base_url == "https://api.openai.com/v1"
    assert provider.quirks.output_token_field == "max_completion_tokens"


@pytest.mark.parametrize(
    ("host", "is_local"), [("127.0.0.1:9", True), ("localhost", True), ("[::1]:9", True), ("a.b", False)]
)
def test_loopback_address_makes_a_provider_local(write: Write, host: str, is_local: bool) -> None:
    text = f'[providers.mine]\ndialect = "openai"\nbase_url = "http://{host}/v1"\n'
    assert load_config(write(text), {}).providers[0].is_local is is_local


def test_all_settings_of_a_provider_are_read(write: Write, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    text = """
[providers.mine]
dialect = "openai"
base_url = "https://llm.example.org/v1"
api_key_env = "MINE"
max_concurrency = 4
headers = { X-Team = "red", X-Token = { env = "TEAM_TOKEN" } }
ca_file = "ca.pem"
proxy = "http://proxy:3128"
"""
    provider = load_config(write(text), {"MINE": "k", "TEAM_TOKEN": "t"}).providers[0]
    assert (provider.api_key, provider.max_concurrency, provider.proxy) == ("k", 4, "http://proxy:3128")
    assert provider.headers == (("X-Team", "red"), ("X-Token", "t"))
    assert provider.ca_file == str(tmp_path / "ca.pem")


def test_unset_variable_is_a_note_and_the_provider_stays(write: Write) -> None:
    config = load_config(write(OPENAI + 'headers = { X-Token = { env = "NOPE" } }\n'), {})
    assert names(config) == ["openai", "sandbox"]
    assert config.providers[0].api_key is None
    assert "the variable OPENAI_API_KEY is not set" in config.notes[0]
    assert "the variable NOPE is not set; header X-Token is left out" in config.notes[1]


def test_sandbox_may_be_set_in_file_and_environment(write: Write) -> None:
    path = write("[providers.sandbox]\ntps = 20\n")
    assert load_config(path, {}).providers[0].tokens_per_s == 20
    assert load_config(path, {"SANDBOX_TPS": "0"}).providers[0].tokens_per_s == 0
    assert load_config(None, {"SANDBOX_TPS": "1.5"}).providers[0].tokens_per_s == 1.5
    assert load_config(None, {}).providers[0].tokens_per_s is None


def test_replay_reads_its_file_beside_the_configuration(write: Write, tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text("")
    provider = load_config(write('[providers.r]\ndialect = "replay"\npath = "answers.jsonl"\n'), {}).providers[0]
    assert (provider.path, provider.is_local) == (str(tmp_path / "answers.jsonl"), True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[providers.x]\nbase_url = "https://x/v1"\n', ":1: providers.x.dialect is missing; it is one of openai"),
        ('[providers.x]\ndialect = "opneai"\n', ":2: providers.x.dialect is 'opneai'; it is one of"),
        ('[providers.x]\ndialect = "openai"\n', ":1: providers.x.base_url is missing"),
        (
            '[providers.openai]\nbase_url = "api.openai.com"\n',
            ":2: providers.openai.base_url is 'api.openai.com'; it begins",
        ),
        ('[providers.openai]\nbase_url = "https://u:p@h/v1"\n', "holds a name or password"),
        ('[providers.openai]\nbase_url = "https://h/v1?x=1"\n', "without ? and #"),
        ('[providers.openai]\nbase_url = "https://h:x/v1"\n', "it begins with https://"),
        ('[providers.anthropic]\nbase_url = "https://h/v1"\n', "it stands without a version: 'https://h'"),
        ('[providers.gemini]\nbase_url = "https://h/v1beta"\n', "it stands without a version: 'https://h'"),
        ('[providers.openai]\napi_key = "sk-secret"\n', "providers.openai.api_key is not a setting"),
        ('[providers.openai]\napi_key_env = "sk-secret"\n', "it holds the name, such as OPENAI_API_KEY, never the key"),
        ('[providers.openai]\napi_key_env = "sk_secret_abcdefghijklmn"\n', "never the key"),
        ('[providers.openai]\nheaders = { "X Y" = "z" }\n', "is no name of a header"),
        ('[providers.openai]\nheaders = { X = "a\\nb" }\n', "which no header can carry"),
        ("[providers.openai]\nheaders = { X = 1 }\n", 'is neither text nor { env = "NAME" }'),
        ('[providers.openai]\nca_file = "nope.pem"\n', "there is no such file"),
        ('[providers.openai]\nproxy = "proxy:3128"\n', "providers.openai.proxy begins with neither"),
        ("[providers.openai]\nmax_concurrency = -1\n", "the least is 0"),
        ("[providers.openai]\ntps = 5\n", "providers.openai.tps belongs to dialects sandbox and replay"),
        ('[providers.openai]\npath = "parley.toml"\n', "providers.openai.path belongs to dialect replay"),
        ('[providers.r]\ndialect = "replay"\n', "providers.r.path is missing"),
        ('[providers.r]\ndialect = "replay"\npath = "nope"\n', "providers.r.path is 'nope'; there is no such file"),
        ('[providers.sandbox]\ndialect = "openai"\n', "the name sandbox is reserved"),
        ('[providers.sandbox]\nbase_url = "http://x"\n', "has no meaning for dialect sandbox"),
        ('[providers.panel]\ndialect = "sandbox"\n', "providers.panel is taken"),
        ('[providers."a/b"]\ndialect = "sandbox"\n', ':1: providers."a/b" is no name for a provider'),
        ("[providers]\nopenai = 3\n", "providers.openai is a whole number; it is a table, [providers.openai]"),
    ],
)
def test_provider_that_can_not_work_is_refused(write: Write, text: str, message: str) -> None:
    shown = refusal(write(text))
    assert message in shown
    assert "sk-secret" not in shown
    assert "sk_secret" not in shown


# Models and panels

MODEL = '[models."small"]\ndeployments = [ { provider = "openai", model = "gpt-5-mini" } ]\n'


def test_model_row_is_read_whole(write: Write) -> None:
    text = """
[models."openai/gpt-5-mini"]
deployments = [ { provider = "openai", model = "gpt-5-mini", weight = 2 }, { provider = "sandbox", model = "terse" } ]
context_length = 400000
max_output_tokens = 1000
price_per_1m = { input = "0.25", output = "2.00", cache_read = "0.025", cache_creation = "0.3" }
supports_structured_output = true
supports_tools = false
supports_images = true
"""
    (model,) = load_config(write(OPENAI + text), {}).models
    assert model.deployments == (DeploymentSettings("openai", "gpt-5-mini", 2), DeploymentSettings("sandbox", "terse"))
    assert (model.context_length, model.max_output_tokens) == (400_000, 1_000)
    assert model.price == Price(Rates(Decimal("0.25"), Decimal("2.00"), Decimal("0.025"), Decimal("0.3")))
    assert (model.supports_structured_output, model.supports_tools, model.supports_images) == (True, False, True)


def test_model_row_without_deployments_points_where_its_name_does(write: Write) -> None:
    text = OPENAI + '[models."openai/my/tune"]\ncontext_length = 5\n'
    (model,) = load_config(write(text), {}).models
    assert model.deployments == (DeploymentSettings("openai", "my/tune"),)
    assert (model.price, model.supports_tools) == (None, None)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("[models.m]\nsupports_tools = true\n", "models.m.deployments is missing or empty"),
        ("[models.m]\ndeployments = []\n", "models.m.deployments is missing or empty"),
        ("[models.m]\ndeployments = 1\n", "models.m.deployments is 1; it is a list of tables"),
        (
            '[models.m]\ndeployments = [{provider="opneai", model="x"}]\n',
            "is 'opneai', which is not configured; did you mean openai?",
        ),
        ('[models.m]\ndeployments = [{provider="openai", model=""}]\n', "models.m.deployments.model is ''"),
        ('[models.m]\ndeployments = [{provider="openai", model="a/../b"}]\n', "models.m.deployments.model is 'a/../b'"),
        ('[models.m]\ndeployments = [{provider="openai", model="x", weight=0}]\n', "weight is 0; the least is 1"),
        ('[models.m]\ndeployments = [{provider="openai", modle="x"}]\n', "modle is not a setting"),
        ('[models."panel/x"]\n', 'models."panel/x" is taken'),
        (MODEL + 'price_per_1m = { input = 0.25, output = "1" }\n', 'input is the number 0.25; quote it, "0.25"'),
        (MODEL + 'price_per_1m = { input = 1, output = "1" }\n', 'input is the number 1; quote it, "1"'),
        (MODEL + 'price_per_1m = { input = "0.25" }\n', "output is missing; it is US dollars"),
        (MODEL + 'price_per_1m = { input = "-1", output = "1" }\n', "input is '-1'; it is US dollars"),
        (MODEL + 'price_per_1m = { input = "NaN", output = "1" }\n', "input is 'NaN'; it is US dollars"),
        (MODEL + 'price_per_1m = { input = "1e3", output = "1" }\n', "input is '1e3'; it is US dollars"),
        (MODEL + 'price_per_1m = { input = "1", output = "1", cached = "1" }\n', "cached is not a setting"),
        (MODEL + "context_length = 0\n", "models.small.context_length is 0; the least is 1"),
        (MODEL + "suports_tools = true\n", "did you mean supports_tools?"),
    ],
)
def test_model_row_that_can_not_work_is_refused_with_its_line(write: Write, row: str, message: str) -> None:
    shown = refusal(write(OPENAI + row))
    assert message in shown
    assert re.search(r"parley\.toml:[2-4]: ", shown)


def test_panel_is_read_whole(write: Write) -> None:
    text = """
[panels.judges]
models = ["small", "openai/anything", "sandbox/terse", "small"]
resolution = "multiple_choice"
instructions = "Be brief."
summary_model = "sandbox/judge"
choices = ["yes", "no"]
max_retries = 0
timeout_ms = 5000
"""
    (panel,) = load_config(write(OPENAI + MODEL + text), {}).panels
    assert panel.models == ("small", "openai/anything", "sandbox/terse", "small")
    assert (panel.resolution, panel.choices, panel.max_retries, panel.timeout_ms) == (
        "multiple_choice",
        ("yes", "no"),
        0,
        5_000,
    )
    assert (panel.instructions, panel.summary_model) == ("Be brief.", "sandbox/judge")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("models = []\n", "panels.p.models has 0 models; a panel has 1 to 32"),
        ("", "panels.p.models has 0 models"),
        ('models = ["anthropic/x"]\n', "provider 'anthropic' is not configured"),
        ('models = ["opnai/x"]\n', "did you mean openai?"),
        ('models = ["smal"]\n', "names model 'smal', which is not known"),
        ('models = ["panel/p"]\n', "names model 'panel/p', which is not known"),
        ('models = ["openai/x"]\nsummary_model = "judge"\n', "panels.p.summary_model names model 'judge'"),
        ('models = ["openai/x"]\nresolution = "fast"\n', "gives no one answer"),
        ('models = ["openai/x"]\nresolution = "sumary"\n', "did you mean summary?"),
        ('models = ["openai/x"]\nresolution = "multiple_choice"\n', "panels.p.choices has 0 entries"),
        ('models = ["openai/x"]\nresolution = "multiple_choice"\nchoices = ["a"]\n', "choices has 1 entries"),
        ('models = ["openai/x"]\nresolution = "multiple_choice"\nchoices = ["a", " "]\n', "choices holds ' '"),
        ('models = ["openai/x"]\nresolution = "multiple_choice"\nchoices = ["a", "a"]\n', "the same choice twice"),
        ('models = ["openai/x"]\nchoices = ["a", "b"]\n', "belongs to resolution 'multiple_choice'"),
        ('models = ["openai/x"]\nmax_retries = 4\n', "max_retries is 4; the most is 3"),
        ('models = ["openai/x"]\ntimeout_ms = 0\n', "timeout_ms is 0; the least is 1"),
    ],
)
def test_panel_that_can_not_work_is_refused(write: Write, rows: str, message: str) -> None:
    assert message in refusal(write(OPENAI + MODEL + "[panels.p]\n" + rows))


def test_panel_has_at_most_as_many_models_as_a_roundtable_has_seats(write: Write) -> None:
    panel = '[panels.p]\nmodels = ["sandbox/terse", "sandbox/judge", "sandbox/slow"]\n'
    load_config(write("[server]\nmax_seats = 3\n" + panel), {})
    assert "has 3 models; a panel has 1 to 2" in refusal(write("[server]\nmax_seats = 2\n" + panel))


@pytest.mark.parametrize("key", ["summary_model", "comparison_model"])
def test_default_judge_must_lead_somewhere(write: Write, key: str) -> None:
    load_config(write(f'[defaults]\n{key} = "sandbox/judge"\n'), {})
    load_config(write(f'[defaults]\n{key} = "ollama/qwen3"\n'), {})
    assert f":2: defaults.{key} names model 'sandbx/judge'" in refusal(write(f'[defaults]\n{key} = "sandbx/judge"\n'))
    assert "'ollama' is not configured" in refusal(write(f'[defaults]\n{key} = "ollama/qwen3"\n{OPENAI}'))


# Lines


def test_lines_are_found_for_quoted_dotted_and_nested_keys() -> None:
    text = '# a\n[a."b.c"]\nd.e = 1\n"f g" = 2\n[h]\nlist = [\n  { x = 1 },\n]\n'
    assert line_of(text, ("a", "b.c", "d", "e")) == 3
    assert line_of(text, ("a", "b.c", "f g")) == 4
    assert line_of(text, ("h", "list", "x")) == 6
    assert line_of(text, ("a", "b.c", "missing")) == 2
    assert line_of(text, ("z",)) is None


def test_environment_is_the_process_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_URL", "http://here")
    assert read_environment()["PARLEY_URL"] == "http://here"
