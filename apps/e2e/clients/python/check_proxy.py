"""Calls that the vault makes itself, asked for by the published client."""

from alter_sdk import BackendError, BlockedDestinationError, GrantNotFoundError, InsufficientScopeError
from checks import check, expect_equal, expect_error, run_checks
from place import API, connect_for, control, drive, make_app, make_user_token


@check("proxy_request: everything arrives as it was meant, the credential once, nothing of the vault's headers")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-proxy")
        result = await app.proxy_request(
            "POST",
            f"{API}/echo/{{folder}}/items?own=1",
            grant_id=grant_id,
            path_params={"folder": "a b"},
            query_params={"limit": 5, "tag": ["x", "ü"]},
            extra_headers={"X-Own": "kept"},
            json={"text": "naïve 日本 🚀", "n": 1},
            reason="published client",
        )
        expect_equal((result.status_code, result.body_truncated, result.approval_id), (200, False, None))
        assert result.duration_ms >= 0, result
        echo = result.body_json()
        expect_equal((echo["method"], echo["account"]), ("POST", "alice"))
        expect_equal(echo["query"], [["own", "1"], ["limit", "5"], ["tag", "x"], ["tag", "ü"]], "query")
        expect_equal(echo["body"], '{"text":"naïve 日本 🚀","n":1}')
        assert ["x-own", "kept"] in echo["headers"], echo["headers"]
        expect_equal([c["scheme"] for c in echo["credentials"]], ["Bearer"], "credentials")
        names = {name for name, _ in echo["headers"]}
        assert not any(name.startswith("x-alter") or name == "x-api-key" for name in names), names
    records = (await drive("records", grant_id=grant_id))["records"]
    kinds = [record["kind"] for record in records if record.get("reason") == "published client"]
    expect_equal(kinds, ["access.proxy", "access.outcome"])


@check("proxy_request: numbers keep every digit")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-proxy-numbers")
        body = {"id": 12345678901234567890, "ratio": 1.0, "list": [9007199254740993]}
        result = await app.proxy_request("POST", f"{API}/echo", grant_id=grant_id, json=body)
        expect_equal(result.body_json()["body"], '{"id":12345678901234567890,"ratio":1.0,"list":[9007199254740993]}')


@check("proxy_request: by provider and account for a user; a provider's error is an answer")
async def _() -> None:
    async with make_app() as app:
        await connect_for(app, "py-proxy-by-provider", user="bob")
        token = await make_user_token("py-proxy-by-provider")
        for status in (302, 404, 429, 503):
            result = await app.proxy_request(
                "GET", f"{API}/status/{status}", provider="acme", account="bob@example.test", user_token=token
            )
            expect_equal(result.status_code, status)
        result = await app.proxy_request(
            "GET", f"{API}/status/429?retry_after=7", provider="acme", user_token=token
        )
        expect_equal(result.headers["retry-after"], "7")


@check("proxy_request: an expired token is refreshed and the call made again")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-proxy-refresh", "busy")
        await control("expire-access-tokens", client_id="busy-client")
        result = await app.proxy_request("POST", f"{API}/echo", grant_id=grant_id, json={"again": True})
        expect_equal((result.status_code, result.body_json()["body"]), (200, '{"again":true}'))


@check("proxy_request: refusals are the classes of request")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-proxy-refused")
        for url in ("https://elsewhere.example/", "http://10.0.0.1/x", "not a url"):
            await expect_error(app.proxy_request("GET", url, grant_id=grant_id), BlockedDestinationError)
        unknown = "0190a2f4-7c11-7000-8000-00000000abcd"
        await expect_error(app.proxy_request("GET", API, grant_id=unknown), GrantNotFoundError)
        error = await expect_error(
            app.proxy_request("GET", API, grant_id=grant_id, query_params={"q": "x" * 70_000}), BackendError
        )
        expect_equal((error.status_code, error.details["error"]), (422, "query_too_long"))
        error = await expect_error(
            app.proxy_request("GET", API, grant_id=grant_id, extra_headers={"X-Bad": "a\r\nX-Other: b"}), BackendError
        )
        expect_equal((error.status_code, error.details["error"]), (422, "header_not_allowed"))
    async with make_app("narrow") as app:
        await expect_error(app.proxy_request("GET", API, grant_id=unknown), InsufficientScopeError)


run_checks()
