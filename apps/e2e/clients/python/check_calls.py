"""Calls, lists, revocation, identity and catalogues with the published client."""

from alter_sdk import GrantRevokedError, HttpMethod
from checks import check, expect_equal, expect_error, run_checks
from place import API, connect_for, drive, make_app, make_user_token


@check("request: GET with path, URL and query parameters arrives as it was meant, the credential once")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-get")
        response = await app.request(
            HttpMethod.GET,
            f"{API}/echo/{{folder}}/items",
            grant_id=grant_id,
            path_params={"folder": "a b"},
            query_params={"limit": "5", "tag": ["x", "ü"]},
            extra_headers={"X-Own": "kept"},
        )
        echo = response.json()
        expect_equal(echo["method"], "GET")
        expect_equal(echo["query"], [["limit", "5"], ["tag", "x"], ["tag", "ü"]], "query")
        assert echo["path"] in ("/echo/a%20b/items", "/echo/a b/items"), echo["path"]
        assert ["x-own", "kept"] in echo["headers"], echo["headers"]
        authorizations = [c for c in echo["credentials"] if c["name"] == "authorization"]
        expect_equal([c["scheme"] for c in authorizations], ["Bearer"], "authorization headers")
        expect_equal(echo["account"], "alice")
        names = {name for name, _ in echo["headers"]}
        assert not any(name.startswith("x-alter") or name == "x-api-key" for name in names), names


@check("request: POST with a JSON body and a query of the URL's own")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-post")
        response = await app.request(
            "POST", f"{API}/echo?own=1", grant_id=grant_id, json={"text": "naïve 日本 🚀", "n": 1}
        )
        echo = response.json()
        expect_equal((echo["method"], echo["query"]), ("POST", [["own", "1"]]))
        expect_equal(echo["body"], '{"text":"naïve 日本 🚀","n":1}')
        sent = await app.request(
            "POST", f"{API}/messages", grant_id=grant_id, json={"to": "bob", "text": "hello"}
        )
        expect_equal(sent.status_code, 201)
        listed = await app.request("GET", f"{API}/messages", grant_id=grant_id)
        assert "hello" in listed.text


@check("request: by provider and account for a user, without a grant id")
async def _() -> None:
    async with make_app() as app:
        await connect_for(app, "py-by-provider", user="alice")
        await connect_for(app, "py-by-provider", user="bob")
        token = await make_user_token("py-by-provider")
        for account in ("alice", "bob"):
            response = await app.request(
                "GET", f"{API}/echo", provider="acme", account=f"{account}@example.test", user_token=token
            )
            expect_equal(response.json()["account"], account)


@check("request: the user token getter is asked")
async def _() -> None:
    tokens = [await make_user_token("py-getter")]
    async with make_app() as app:
        await connect_for(app, "py-getter")

    async def get_token() -> str:
        return tokens[0]

    async with make_app(user_token_getter=get_token) as app:
        response = await app.request("GET", f"{API}/echo", provider="acme")
        expect_equal(response.status_code, 200)


@check("audit: caller, context, reason and outcome are in the record; the actor id comes back")
async def _() -> None:
    async with make_app(caller="py-auditor", caller_type="service") as app:
        grant_id = await connect_for(app, "py-audit")
        url = f"{API}/echo?token=hidden-value&page=2"
        for _ in range(2):
            await app.request("GET", url, grant_id=grant_id, reason="naïve reason 🚀", context={"tool": "list", "run_id": "r-1"})
        actor_id = app.actor_id
        assert actor_id, "no actor id"
    records = (await drive("records", grant_id=grant_id))["records"]
    released = [record for record in records if record["kind"] == "access.retrieve"]
    outcomes = [record for record in records if record["kind"] == "access.outcome"]
    expect_equal((len(released), len(outcomes)), (2, 2), "records")
    for record in [*released, *outcomes]:
        expect_equal(
            (record["caller"], record["caller_type"], record["reason"], record["context"]),
            ("py-auditor", "service", "naïve reason 🚀", {"tool": "list", "run_id": "r-1"}),
        )
        expect_equal((record["method"], record["provider_id"], record["actor_id"]), ("GET", "acme", actor_id))
        assert "hidden-value" not in str(record), record
        assert record["key_prefix"].startswith("alter_key_app_"), record
    for record in outcomes:
        expect_equal((record["status"], record["outcome"]), (200, "ok"))
        assert record["response_bytes"] > 0 and record["latency_ms"] >= 0, record


@check("list_grants: filters and pages")
async def _() -> None:
    async with make_app() as app:
        alice = await connect_for(app, "py-list", user="alice")
        bob = await connect_for(app, "py-list", user="bob")
        token = await make_user_token("py-list")
        everything = await app.list_grants(end_user_token=token)
        expect_equal({grant.grant_id for grant in everything.grants}, {alice, bob})
        expect_equal((everything.total, everything.has_more), (2, False))
        grant = everything.grants[0]
        expect_equal((grant.grant_kind, grant.status, grant.principal_type), ("oauth", "active", "user"))
        page = await app.list_grants(end_user_token=token, limit=1)
        expect_equal((len(page.grants), page.total, page.has_more), (1, 2, True))
        rest = await app.list_grants(end_user_token=token, limit=1, offset=1)
        expect_equal({page.grants[0].grant_id, rest.grants[0].grant_id}, {alice, bob})
        one = await app.list_grants(end_user_token=token, account="bob@example.test", provider_id="acme")
        expect_equal([grant.grant_id for grant in one.grants], [bob])
        none = await app.list_grants(end_user_token=token, provider_id="fenced")
        expect_equal(none.total, 0)


@check("revoke_grant: taken back here and at the provider, then refused")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-revoke")
        await app.request("GET", f"{API}/messages", grant_id=grant_id)
        result = await app.revoke_grant(grant_id, reason="the user left")
        expect_equal((result.success, result.grant_id), (True, grant_id))
        await expect_error(app.request("GET", f"{API}/messages", grant_id=grant_id), GrantRevokedError)
    [record] = [r for r in (await drive("records", grant_id=grant_id))["records"] if r["kind"] == "grant.revoked"]
    expect_equal(record["reason"], "the user left")


@check("verify_user_token: the subject of a good one, nothing of a bad one")
async def _() -> None:
    async with make_app() as app:
        expect_equal(await app.verify_user_token(await make_user_token("py-verify")), "py-verify")
        expect_equal(await app.verify_user_token(await make_user_token("py-verify", key="unknown")), None)
        late = await make_user_token("py-verify", expires_in_seconds=-600)
        expect_equal(await app.verify_user_token(late), None)


@check("oauth_providers: the catalogue holds the app's own and the built-in providers")
async def _() -> None:
    async with make_app() as app:
        catalog = await app.oauth_providers.list()
        acme = catalog.providers["acme"]
        expect_equal((acme.id, acme.display_name, acme.supports_pkce), ("acme", "Acme", True))
        assert {"google", "microsoft", "slack", "github"} <= set(catalog.providers)


@check("scopes: what an API key can be allowed")
async def _() -> None:
    async with make_app() as app:
        catalog = await app.scopes.list()
        assert catalog.scope_version >= 1
        assert "retrieve" in catalog.resources["tokens"].verbs, catalog


run_checks()
