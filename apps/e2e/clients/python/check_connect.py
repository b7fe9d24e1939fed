"""Connect with the published client, in a real browser."""

import alter_sdk
from alter_sdk import (
    ConnectConfigError,
    ConnectDeniedError,
    ConnectFlowError,
    ConnectTimeoutError,
)
from checks import check, expect_equal, expect_error, run_checks
from place import API, clear_misbehaviours, connect_for, control, drive, make_app, make_user_token


@check("the client under test is the published 0.29.0")
async def _() -> None:
    expect_equal(alter_sdk.__version__, "0.29.0")


@check("connect: a session, a browser, and the poll that sees both")
async def _() -> None:
    async with make_app() as app:
        token = await make_user_token("py-connect")
        session = await app.create_connect_session(allowed_providers=["acme"], user_token=token)
        assert session.connect_url.endswith(f"#session={session.session_token}"), session.connect_url
        expect_equal((session.expires_in, session.single_provider, session.direct), (600, True, False))
        heading = (await drive("open", url=session.connect_url, provider="acme", by="browser"))["heading"]
        assert "connected" in heading, heading
        [grant] = await app.poll_connect_session(session.session_token, timeout=20, poll_interval=0.2)
        expect_equal(
            (grant.provider_id, grant.account_identifier, grant.operation),
            ("acme", "alice@example.test", "creation"),
        )
        assert set(grant.scopes) >= {"openid", "email"}, grant.scopes
        [again] = await app.poll_connect_session(session.session_token, timeout=20, poll_interval=0.2)
        expect_equal(again.grant_id, grant.grant_id, "a finished session gives its result again")


@check("connect: headless, the client opens the browser itself; again it is a reauth of the same grant")
async def _() -> None:
    async with make_app(caller="py-headless") as app:
        [first] = await app.connect(providers=["acme"], timeout=60, poll_interval=0.3)
        expect_equal((first.provider_id, first.account_identifier), ("acme", "alice@example.test"))
        [second] = await app.connect(providers=["acme"], timeout=60, poll_interval=0.3)
        expect_equal((second.grant_id, second.operation), (first.grant_id, "reauth"))
        response = await app.request("GET", f"{API}/messages", grant_id=first.grant_id)
        expect_equal(response.json()["account"], "alice")


@check("connect: the lifetime that was asked for is in the result")
async def _() -> None:
    async with make_app() as app:
        token = await make_user_token("py-lifetime")
        session = await app.create_connect_session(
            allowed_providers=["acme"], user_token=token, grant_policy={"default_ttl_seconds": 3600}
        )
        await drive("open", url=session.connect_url, provider="acme", by="http")
        [grant] = await app.poll_connect_session(session.session_token, timeout=20, poll_interval=0.2)
        assert grant.grant_policy is not None and grant.grant_policy.expires_at, grant
        expect_equal(grant.grant_policy.created_by, "developer")


@check("ConnectDenied: the user says no in the browser")
async def _() -> None:
    async with make_app() as app:
        session = await app.create_connect_session(allowed_providers=["acme"])
        await drive("open", url=session.connect_url, provider="acme", decision="deny", by="browser")
        poll = app.poll_connect_session(session.session_token, timeout=20, poll_interval=0.2)
        error = await expect_error(poll, ConnectDeniedError)
        expect_equal(error.details["error_code"], "connect_denied")


@check("ConnectConfig: the provider refuses the client of the app")
async def _() -> None:
    async with make_app() as app:
        await control("clients/rotate-secret", client_id="refused-client", client_secret="another-secret")
        session = await app.create_connect_session(allowed_providers=["refused"])
        await drive("open", url=session.connect_url, provider="refused", by="http")
        poll = app.poll_connect_session(session.session_token, timeout=20, poll_interval=0.2)
        error = await expect_error(poll, ConnectConfigError)
        expect_equal(error.details["error_code"], "invalid_client")
        assert "acme-secret" not in f"{error} {error.details}"


@check("ConnectFlow: the code is not exchanged; a token that is unknown; another app's session")
async def _() -> None:
    async with make_app() as app:
        await control("misbehaviours", kind="error", client_id="busy-client", endpoint="token")
        session = await app.create_connect_session(allowed_providers=["busy"])
        await drive("open", url=session.connect_url, provider="busy", by="http")
        await clear_misbehaviours()
        poll = app.poll_connect_session(session.session_token, timeout=20, poll_interval=0.2)
        error = await expect_error(poll, ConnectFlowError)
        expect_equal(error.details["error_code"], "exchange_failed")
        await expect_error(app.poll_connect_session("alter_cs_unknown", timeout=5), ConnectFlowError)
        async with make_app("foreign") as other:
            await expect_error(other.poll_connect_session(session.session_token, timeout=5), ConnectFlowError)


@check("ConnectTimeout: by the patience of the caller and by that of the vault")
async def _() -> None:
    async with make_app() as app:
        session = await app.create_connect_session(allowed_providers=["acme"])
        poll = app.poll_connect_session(session.session_token, timeout=1, poll_interval=0.3)
        error = await expect_error(poll, ConnectTimeoutError)
        expect_equal(error.details["reason"], "poll_deadline_elapsed")
    async with make_app("foreign") as other:
        session = await other.create_connect_session(allowed_providers=["acme"])
        poll = other.poll_connect_session(session.session_token, timeout=20, poll_interval=0.3)
        error = await expect_error(poll, ConnectTimeoutError)
        expect_equal(error.details["reason"], "session_expired")


@check("a grant of one user is not found by another's token")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-owner")
        stranger = await make_user_token("py-stranger")
        listed = await app.list_grants(end_user_token=stranger)
        assert grant_id not in [grant.grant_id for grant in listed.grants]


run_checks()
