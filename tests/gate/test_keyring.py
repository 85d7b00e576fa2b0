"""Who may come in: the keyring alone, then the key book on a real database."""

import asyncio
import hmac
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from parley.domain.errors import Forbidden, InvalidRequest, NotFound, NotServing, Unauthorized
from parley.domain.settings import StoreSettings
from parley.gate.key_book import Clock, KeyBook
from parley.gate.key_format import digest_of, new_key
from parley.gate.keyring import Caller, Keyring, allows, check_models
from parley.gate.keys import Key, Terms
from parley.store.database import Store

ADMIN_KEY = "an-admin-key-of-no-particular-form-1"
NOW = 1_800_000_000.0


class Hands:
    """A clock that stands until it is moved; sleeping moves it."""

    def __init__(self) -> None:
        self.now_s = NOW

    def now(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        await asyncio.sleep(0)


def stored(secret: str, terms: Terms | None = None, version: int = 1) -> Key:
    return Key("key_1", digest_of(secret), terms or Terms("ci"), "2026-11-01T00:00:00Z", version)


def ring(*keys: Key, admin_key: str | None = None, clock: Callable[[], float] = lambda: NOW) -> Keyring:
    keyring = Keyring(admin_key, clock=clock)
    keyring.take(keys)
    return keyring


def refusal(keyring: Keyring, header: str) -> str:
    with pytest.raises(Unauthorized) as caught:
        keyring.check(header)
    return caught.value.message


class TestKeyring:
    def test_caller_has_the_terms_of_the_key(self) -> None:
        secret = new_key()
        terms = Terms("ci", False, 10, 100, Decimal("1.5"), Decimal(1), ("sandbox/*",))
        caller = ring(stored(secret, terms)).check(f"Bearer {secret}")
        assert caller == Caller("key_1", "ci", False, 10, 100, Decimal("1.5"), Decimal(1), ("sandbox/*",))

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "parley_x"])
    def test_header_without_a_key_is_refused_with_what_to_send(self, header: str) -> None:
        assert "Authorization: Bearer" in refusal(ring(), header)

    def test_scheme_may_be_written_in_any_case(self) -> None:
        secret = new_key()
        assert ring(stored(secret)).check(f"bearer  {secret} ").name == "ci"

    def test_unknown_key_is_refused(self) -> None:
        assert refusal(ring(stored(new_key())), f"Bearer {new_key()}") == "This API key is not known here."

    def test_typo_is_refused_without_a_look_up(self) -> None:
        """Held under its own hash even, a key with a typo is not let in: nobody has looked."""
        secret = new_key()
        slip = secret[:20] + ("a" if secret[20] != "a" else "b") + secret[21:]
        message = refusal(ring(stored(slip)), f"Bearer {slip}")
        assert "typo" in message
        assert slip not in message

    def test_key_of_the_first_release_is_let_in(self) -> None:
        secret = "parley_" + secrets.token_urlsafe(32)
        assert ring(stored(secret, version=0)).check(f"Bearer {secret}").name == "ci"

    def test_admin_key_of_the_environment_is_valid_as_it_stands(self) -> None:
        caller = ring(admin_key=ADMIN_KEY).check(f"Bearer {ADMIN_KEY}")
        assert caller == Caller("admin", "admin", is_admin=True)
        assert refusal(ring(admin_key=ADMIN_KEY), f"Bearer {ADMIN_KEY}x")

    def test_keys_are_compared_in_constant_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        compared: list[tuple[bytes, bytes]] = []
        real = hmac.compare_digest

        def watched(first: bytes, second: bytes) -> bool:
            compared.append((first, second))
            return real(first, second)

        monkeypatch.setattr(hmac, "compare_digest", watched)
        secret, other = new_key(), new_key()
        keyring = ring(stored(secret), admin_key=ADMIN_KEY)
        keyring.check(f"Bearer {secret}")
        assert compared == [(digest_of(ADMIN_KEY), digest_of(secret)), (digest_of(secret), digest_of(secret))]
        compared.clear()
        refusal(keyring, f"Bearer {other}")
        assert [(len(first), second) for first, second in compared] == [(32, digest_of(other))] * 2

    @pytest.mark.parametrize(("expires_at", "is_let_in"), [(NOW + 0.001, True), (NOW, False), (NOW - 0.001, False)])
    def test_key_ends_with_its_expiry(self, expires_at: float, is_let_in: bool) -> None:
        secret = new_key()
        keyring = ring(stored(secret, Terms("ci", expires_at=expires_at)))
        if is_let_in:
            assert keyring.check(f"Bearer {secret}").name == "ci"
        else:
            assert "expired at 2027-01-15T" in refusal(keyring, f"Bearer {secret}")

    def test_disabled_key_is_refused(self) -> None:
        secret = new_key()
        assert "disabled" in refusal(ring(stored(secret, Terms("ci", is_disabled=True))), f"Bearer {secret}")

    def test_later_state_of_a_key_counts_whatever_comes_last(self) -> None:
        secret = new_key()
        old, new = stored(secret, version=3), stored(secret, Terms("ci", is_disabled=True), version=4)
        for states in ((old, new), (new, old)):
            assert "disabled" in refusal(ring(*states), f"Bearer {secret}")

    def test_use_is_noted_at_most_once_a_minute(self) -> None:
        secret, hands = new_key(), Hands()
        keyring = ring(stored(secret), clock=hands.now)
        noted = []
        for _ in range(5):
            keyring.check(f"Bearer {secret}")
            noted.append(keyring.take_uses())
            hands.now_s += 20
        assert noted == [{"key_1": NOW}, {}, {}, {"key_1": NOW + 60}, {}]

    def test_use_that_could_not_be_written_comes_again_unless_a_later_one_did(self) -> None:
        secret, hands = new_key(), Hands()
        keyring = ring(stored(secret), clock=hands.now)
        keyring.check(f"Bearer {secret}")
        uses = keyring.take_uses()
        keyring.give_back_uses(uses)
        assert keyring.take_uses() == {"key_1": NOW}
        hands.now_s += 60
        keyring.check(f"Bearer {secret}")
        keyring.give_back_uses(uses)
        assert keyring.take_uses() == {"key_1": NOW + 60}


class TestModels:
    @pytest.mark.parametrize(
        ("models", "name", "is_allowed"),
        [
            (None, "openai/gpt-5", True),
            (("openai/gpt-5",), "openai/gpt-5", True),
            (("openai/gpt-5",), "openai/gpt-5-mini", False),
            (("openai/gpt-5",), "OpenAI/gpt-5", False),
            (("openai/*",), "openai/gpt-5", True),
            (("openai/*",), "openai/a/b", True),
            (("openai/*",), "openai", False),
            (("openai/*",), "openai2/gpt-5", False),
            (("a/b/*",), "a/c", False),
            (("x", "panel/*"), "panel/reviewers", True),
        ],
    )
    def test_names_and_prefixes(self, models: tuple[str, ...] | None, name: str, is_allowed: bool) -> None:
        caller = Caller("key_1", "ci", False, models=models)
        assert allows(caller, name) is is_allowed
        if is_allowed:
            check_models(caller, [name])
        else:
            with pytest.raises(Forbidden, match=r"it may use"):
                check_models(caller, [name])

    @given(st.text(max_size=30))
    def test_no_name_slips_through_an_empty_list(self, name: str) -> None:
        assert not allows(Caller("key_1", "ci", False, models=()), name)


def sqlite_store(folder: Path) -> Store:
    return Store(StoreSettings(f"sqlite:///{folder}/parley.db"))


def book(store: Store, keyring: Keyring, hands: Hands | None = None) -> KeyBook:
    hands = hands or Hands()
    return KeyBook(store, keyring, clock=Clock(hands.now, hands.sleep))


def test_first_start_makes_an_admin_key_and_a_later_one_none(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    keyring = ring()
    made = book(store, keyring).open_now()
    assert made is not None
    caller = keyring.check(f"Bearer {made}")
    assert (caller.name, caller.is_admin) == ("first-admin", True)
    again = ring()
    assert book(store, again).open_now() is None
    assert again.check(f"Bearer {made}") == caller
    store.close_now()


@pytest.mark.parametrize("keyring", [Keyring(ADMIN_KEY), Keyring(is_open=True)])
def test_no_key_is_made_where_another_way_in_is_set(keyring: Keyring, tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    assert book(store, keyring).open_now() is None
    assert keyring.check(f"Bearer {ADMIN_KEY}").is_admin
    store.close_now()


def test_admin_key_is_made_again_once_every_admin_is_disabled(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    made = book(store, ring()).open_now()
    with_environment = ring(admin_key=ADMIN_KEY)
    keys = book(store, with_environment)
    keys.open_now()
    key_id = with_environment.check(f"Bearer {made}").key_id
    asyncio.run(keys.change(key_id, lambda terms: replace(terms, is_disabled=True)))
    keyring = ring()
    second = book(store, keyring).open_now()
    assert keyring.check(f"Bearer {second}").name == "first-admin-2"
    assert "disabled" in refusal(keyring, f"Bearer {made}")
    store.close_now()


def test_key_of_a_database_of_the_first_release_lives_on(tmp_path: Path) -> None:
    secret = "parley_" + secrets.token_urlsafe(32)
    connection = sqlite3.connect(tmp_path / "parley.db")
    connection.execute(
        "CREATE TABLE keys (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE, "
        "is_admin INTEGER NOT NULL, created_at TEXT NOT NULL)"
    )
    row = ("key_old", "admin", digest_of(secret).hex(), 1, "2026-10-01T00:00:00+00:00")
    connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
    store = sqlite_store(tmp_path)
    keyring = ring()
    keys = book(store, keyring)
    assert keys.open_now() is None
    assert keyring.check(f"Bearer {secret}") == Caller("key_old", "admin", is_admin=True)
    changed = asyncio.run(keys.change("key_old", lambda terms: replace(terms, rpm=5)))
    assert (changed.key.terms.name, changed.key.terms.rpm) == ("admin", 5)
    assert keyring.check(f"Bearer {secret}").rpm == 5
    store.close_now()


def test_key_is_stored_as_its_hash_alone(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    account, secret = asyncio.run(book(store, ring()).create(Terms("ci")))
    store.close_now()
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert digest_of(secret).hex().encode() in raw
    assert secret.encode() not in raw
    assert secret[7:30].encode() not in raw
    assert secret not in repr(account)
    assert digest_of(secret).hex() not in repr(account)


class TestBothStores:
    """The same on SQLite and on PostgreSQL."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
        if request.param == "sqlite":
            store = sqlite_store(tmp_path)
        else:
            store = Store(StoreSettings(request.getfixturevalue("postgresql_url")))
        yield store
        store.close_now()

    def test_names_are_taken_once(self, store: Store) -> None:
        keys = book(store, ring(admin_key=ADMIN_KEY))

        async def main() -> None:
            await keys.create(Terms("ci"))
            other, _ = await keys.create(Terms("other"))
            with pytest.raises(InvalidRequest, match="exists already") as caught:
                await keys.create(Terms("ci"))
            assert caught.value.param == "name"
            with pytest.raises(InvalidRequest, match="exists already"):
                await keys.change(other.key.key_id, lambda terms: replace(terms, name="ci"))
            for name in ("admin", "Admin"):
                with pytest.raises(InvalidRequest, match="PARLEY_ADMIN_KEY"):
                    await keys.create(Terms(name))
                with pytest.raises(InvalidRequest, match="PARLEY_ADMIN_KEY"):
                    await keys.change(other.key.key_id, lambda terms, name=name: replace(terms, name=name))
            assert [account.key.terms.name for account in await keys.all()] == ["ci", "other"]
            with pytest.raises(NotFound, match="key_none"):
                await keys.change("key_none", lambda terms: terms)
            with pytest.raises(NotFound, match="key_none"):
                await keys.one("key_none")

        asyncio.run(main())

    def test_terms_are_kept_to_the_last_digit(self, store: Store) -> None:
        terms = Terms(
            "Prüfung 試験", True, 1, 2, Decimal("0.000001"), Decimal(9_000_000), ("a/*", "b"), NOW + 0.25, False
        )
        keys = book(store, ring())

        async def main() -> Terms:
            account, _ = await keys.create(terms)
            return (await keys.one(account.key.key_id)).key.terms

        assert asyncio.run(main()) == terms

    def test_last_admin_stays(self, store: Store) -> None:
        keyring = ring()
        keys = book(store, keyring)
        made = keys.open_now()
        key_id = keyring.check(f"Bearer {made}").key_id

        async def main() -> None:
            for edit, field in (
                (lambda terms: replace(terms, is_disabled=True), "disabled"),
                (lambda terms: replace(terms, is_admin=False), "admin"),
            ):
                with pytest.raises(InvalidRequest, match="last admin key") as caught:
                    await keys.change(key_id, edit)
                assert caught.value.param == field
            await keys.create(Terms("expired", is_admin=True, expires_at=NOW))
            with pytest.raises(InvalidRequest, match="last admin key"):
                await keys.change(key_id, lambda terms: replace(terms, is_disabled=True))
            await keys.create(Terms("second", is_admin=True))
            await keys.change(key_id, lambda terms: replace(terms, is_disabled=True))

        asyncio.run(main())
        assert "disabled" in refusal(keyring, f"Bearer {made}")

    def test_processes_that_start_together_make_one_admin_key(self, store: Store) -> None:
        rings = [ring() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            made = [*pool.map(lambda keyring: book(store, keyring).open_now(), rings)]
        (secret,) = [key for key in made if key is not None]
        assert {keyring.check(f"Bearer {secret}").name for keyring in rings} == {"first-admin"}

    def test_change_in_this_process_counts_at_once_and_in_another_one_after_its_next_look(self, store: Store) -> None:
        here, there = ring(), ring()
        book_here, book_there = book(store, here), book(store, there)

        async def main() -> None:
            await book_there.refresh()
            account, secret = await book_here.create(Terms("ci"))
            assert here.check(f"Bearer {secret}").name == "ci"
            refusal(there, f"Bearer {secret}")
            await book_there.refresh()
            assert there.check(f"Bearer {secret}").name == "ci"
            await book_here.change(account.key.key_id, lambda terms: replace(terms, is_disabled=True))
            refusal(here, f"Bearer {secret}")
            await book_there.refresh()
            refusal(there, f"Bearer {secret}")
            await book_there.change(account.key.key_id, lambda terms: replace(terms, is_disabled=False))
            await book_here.refresh()
            assert here.check(f"Bearer {secret}").name == "ci"

        asyncio.run(main())

    def test_last_use_is_written_and_a_later_one_elsewhere_stays(self, store: Store) -> None:
        hands = Hands()
        keyring = ring(clock=hands.now)
        keys = book(store, keyring, hands)

        async def main() -> None:
            account, secret = await keys.create(Terms("ci"))
            keyring.check(f"Bearer {secret}")
            async with asyncio.TaskGroup() as group:
                keeper = group.create_task(keys.keep_current())
                while (await keys.one(account.key.key_id)).key.last_used_at is None:
                    await asyncio.sleep(0.01)
                keeper.cancel()
            assert (await keys.one(account.key.key_id)).key.last_used_at == NOW
            keyring.give_back_uses({account.key.key_id: NOW - 5})
            keeper = asyncio.create_task(keys.keep_current())
            await asyncio.sleep(0)
            keeper.cancel()
            await asyncio.wait([keeper])
            await store.write(lambda _connection: None)
            assert (await keys.one(account.key.key_id)).key.last_used_at == NOW

        asyncio.run(main())

    def test_spend_stands_in_the_accounts(self, store: Store) -> None:
        def spent(_connection: Connection, key_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
            return {key_id: (1_500_000_000_000, 1) for key_id in key_ids if key_id == spender[0]}

        keys = KeyBook(store, ring(), spent)
        spender: list[str] = []

        async def main() -> None:
            for name in ("spender", "saver"):
                account, _ = await keys.create(Terms(name))
                spender.append(account.key.key_id)
            spent = [(account.spent_usd, account.spent_month_usd) for account in await keys.all()]
            assert spent == [(Decimal("1.5"), Decimal("0.000000000001")), (0, 0)]

        asyncio.run(main())


def test_keys_known_last_stay_valid_while_the_store_fails(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    keyring = ring()
    keys = book(store, keyring)
    made = keys.open_now()

    async def main() -> None:
        await store.write(lambda connection: connection.exec_driver_sql("ALTER TABLE keys RENAME TO gone"))
        await keys.refresh()
        assert not keys.is_current
        assert keyring.check(f"Bearer {made}").is_admin
        with pytest.raises(NotServing):
            await keys.create(Terms("ci"))
        await store.write(lambda connection: connection.exec_driver_sql("ALTER TABLE gone RENAME TO keys"))
        await keys.refresh()
        assert keys.is_current

    asyncio.run(main())
    store.close_now()


def test_poll_looks_every_half_second_and_no_more_often(tmp_path: Path) -> None:
    store, hands = sqlite_store(tmp_path), Hands()
    keys = book(store, ring(), hands)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 4:
            raise asyncio.CancelledError
        await asyncio.sleep(0)

    async def main() -> None:
        with pytest.raises(asyncio.CancelledError):
            await KeyBook(store, ring(), clock=Clock(hands.now, sleep)).keep_current()

    asyncio.run(main())
    assert slept == [0.5] * 4
    assert json.dumps([account.key.key_id for account in asyncio.run(keys.all())]) == "[]"
    store.close_now()
