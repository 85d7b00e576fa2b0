"""GET /v1/me: a key is told its own name and rights."""

from serving import ADMIN_KEY, OPEN, get, post, serving


def test_a_key_reads_its_own_name_and_limits_and_not_itself() -> None:
    admin = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with serving("") as url:
        made = post(url, "/v1/keys", {"name": "reader", "rpm": 5, "spend_cap_usd": "1.50"}, admin).json
        got = get(url, "/v1/me", {"Authorization": f"Bearer {made['key']}"})
    assert got.json == {
        "key_id": made["id"],
        "name": "reader",
        "admin": False,
        "rpm": 5,
        "rpd": None,
        "spend_cap_usd": "1.5",
        "spend_cap_month_usd": None,
        "models": None,
    }
    assert made["key"] not in got.body.decode()


def test_nobody_is_told_without_a_key() -> None:
    with serving("") as url:
        assert get(url, "/v1/me").status == 401


def test_everybody_at_an_open_server_is_its_admin() -> None:
    with serving(OPEN) as url:
        assert get(url, "/v1/me").json["admin"] is True
