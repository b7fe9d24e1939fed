"""Managed secrets with the published client, which injects keys and signs for AWS itself."""

from alter_sdk import App, GrantNotFoundError, GrantRevokedError, SiblingLabelConflictError
from alter_sdk.models import SystemPrincipal, UserPrincipal
from checks import check, expect_equal, expect_error, run_checks
from place import EXPECTED, KEY_SERVICE, connect_for, drive, make_app, make_user_token


async def find_grant(app: App, slug: str, label: str = "default") -> object:
    listed = await app.list_grants(provider_id=slug, label=label, status="active")
    assert len(listed.grants) == 1, listed
    return listed.grants[0]


@check("managed secrets: every kind arrives once, in its place")
async def _() -> None:
    async with make_app() as app:
        for slug, facts in EXPECTED.items():
            # This client writes one header of every key, also of one that belongs in the query alone.
            spare = ["query in header x-api-key"] if slug == "query" else []
            expected = {**facts, "found": [*spare, *facts["found"]]}
            grant = await find_grant(app, slug)
            for method, more in (("GET", {}), ("POST", {"json": {"text": "naïve 日本 🚀"}})):
                response = await app.request(
                    method, f"{KEY_SERVICE}/things?own=1", grant_id=grant.grant_id, **more
                )
                expect_equal(response.json(), {"method": method, **expected}, f"{method} {slug}")
            by_name = await app.request("GET", f"{KEY_SERVICE}/things", provider=slug)
            expect_equal(by_name.json(), {"method": "GET", **expected}, f"{slug} by name")


@check("managed secrets: its own signatures over hard paths are accepted, S3 and others")
async def _() -> None:
    paths = [
        "/bucket/a%20space/and%2Bplus",
        "/bucket/tilde~dot.dash-under_score",
        "/bucket?list-type=2&prefix=",
        "/bucket?b=2&a=1&a=0&B=3",
        "/bucket/%E6%97%A5%E6%9C%AC",
    ]
    async with make_app() as app:
        for slug in ("aws-s3", "aws-other"):
            for path in paths:
                response = await app.request("GET", f"{KEY_SERVICE}{path}", provider=slug)
                expect_equal(response.json()["signature"], "ok", f"{slug} {path}")


@check("managed secrets: in the same list as OAuth grants, with what the list says of them")
async def _() -> None:
    async with make_app() as app:
        await connect_for(app, "py-both")
        token = await make_user_token("py-both")
        secret = await find_grant(app, "header")
        expect_equal((secret.grant_kind, secret.managed_secret_slug), ("managed_secret", "header"))
        expect_equal((secret.principal_type, secret.status, secret.label), ("system", "active", "default"))
        made = await app.create_managed_secret_grant(
            secret.managed_secret_id, principal=UserPrincipal(user_token=token, label="py-both")
        )
        expect_equal((made.principal_type, made.label), ("user", "py-both"))
        listed = await app.list_grants(end_user_token=token)
        expect_equal(sorted(grant.grant_kind for grant in listed.grants), ["managed_secret", "oauth"])
        response = await app.request("GET", f"{KEY_SERVICE}/things", provider="header", user_token=token)
        expect_equal(response.json()["found"], EXPECTED["header"]["found"])


@check("managed secrets: grants of the app, siblings, one label twice, revocation")
async def _() -> None:
    async with make_app() as app:
        source = await find_grant(app, "bearer")
        made = await app.create_managed_secret_grant(
            source.managed_secret_id, principal=SystemPrincipal(label="py-reports")
        )
        conflict = app.create_managed_secret_grant(
            source.managed_secret_id, principal=SystemPrincipal(label="py-reports")
        )
        await expect_error(conflict, SiblingLabelConflictError)
        sibling = await app.mint_grant(made.grant_id, label="py-nightly", grant_policy={"max_ttl_seconds": 3600})
        expect_equal((sibling.label, sibling.status), ("py-nightly", "active"))
        assert sibling.grant_id != made.grant_id and sibling.expires_at, sibling
        expect_equal((await app.revoke_grant(made.grant_id)).success, True)
        await expect_error(app.request("GET", KEY_SERVICE, grant_id=made.grant_id), GrantRevokedError)
        response = await app.request("GET", KEY_SERVICE, grant_id=sibling.grant_id)
        expect_equal(response.json()["found"], EXPECTED["bearer"]["found"])
        await app.revoke_grant(sibling.grant_id)


@check("mint_grant: a sibling of a connected account, with a lifetime of its own")
async def _() -> None:
    async with make_app() as app:
        source = await connect_for(app, "py-sibling")
        token = await make_user_token("py-sibling")
        minted = await app.mint_grant(source, label="py-sibling-short", grant_policy={"max_ttl_seconds": 600})
        expect_equal((minted.label, minted.provider_id, minted.principal_type), ("py-sibling-short", "acme", "user"))
        listed = await app.list_grants(end_user_token=token)
        expect_equal({grant.grant_id for grant in listed.grants}, {source, minted.grant_id})


@check("create_managed_secret_connect_session: a user enters a key, uses it, and repairs it")
async def _() -> None:
    async with make_app() as app:
        token = await make_user_token("py-own-key")
        session = await app.create_managed_secret_connect_session(provider="own", user_token=token)
        expect_equal((session.path, session.secret_slug, session.existing_grant_id), ("key_entry", "own", None))
        await drive("enter", url=session.connect_url, value="a-wrong-key")
        [result] = await app.poll_connect_session(session.session_token, timeout=20, poll_interval=0.2)
        repair = await app.create_managed_secret_connect_session(
            provider="own", user_token=token, repair_grant_id=result.grant_id
        )
        expect_equal((repair.path, repair.existing_grant_id), ("repair", result.grant_id))
        await drive("enter", url=repair.connect_url, value="MARK-entered-key-6a1f")
        [repaired] = await app.poll_connect_session(repair.session_token, timeout=20, poll_interval=0.2)
        expect_equal((repaired.grant_id, repaired.operation), (result.grant_id, "reauth"))
        response = await app.request("GET", KEY_SERVICE, provider="own", user_token=token)
        expect_equal(response.json()["found"], ["entered in header x-own-key"])
        stranger = await make_user_token("py-own-key-stranger")
        await expect_error(app.request("GET", KEY_SERVICE, provider="own", user_token=stranger), GrantNotFoundError)


run_checks()
