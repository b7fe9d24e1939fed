"""Errors about a grant, each provoked for real and met by the published client."""

import asyncio
import uuid

from alter_sdk import (
    AlterSDKError,
    AmbiguousGrantError,
    App,
    CredentialRevokedError,
    GrantExpiredError,
    GrantNotFoundError,
    GrantRevokedError,
    ProviderUnauthorizedError,
    ReAuthRequiredError,
    TokenRefreshInProgressError,
)
from checks import check, expect_equal, expect_error, run_checks
from place import (
    API,
    clear_misbehaviours,
    connect,
    connect_for,
    control,
    count_token_calls,
    drive,
    make_app,
    make_user_token,
)


def call(app: App, **options: object) -> object:
    return app.request("GET", f"{API}/messages", **options)


async def meet_refused_token(grant_id: str, client_id: str) -> None:
    """Lets the provider refuse the token; closing the client waits until the vault has been told."""
    await control("expire-access-tokens", client_id=client_id)
    async with make_app() as app:
        await expect_error(call(app, grant_id=grant_id), ProviderUnauthorizedError)


@check("GrantNotFound: unknown, by id and by provider")
async def _() -> None:
    async with make_app() as app:
        error = await expect_error(call(app, grant_id=str(uuid.uuid4())), GrantNotFoundError)
        expect_equal((error.status_code, error.details["error"]), (404, "grant_not_found"))
        token = await make_user_token("py-nobody")
        error = await expect_error(call(app, provider="acme", user_token=token), GrantNotFoundError)
        expect_equal(error.provider_id, "acme")
        session = await app.create_connect_session_for_error(error, user_token=token)
        assert session.single_provider


@check("GrantNotFound: another app's, answered like an unknown one")
async def _() -> None:
    async with make_app("foreign") as other:
        grant_id = await connect(other)
    async with make_app() as app:
        foreign = await expect_error(call(app, grant_id=grant_id), GrantNotFoundError)
        unknown = await expect_error(call(app, grant_id=str(uuid.uuid4())), GrantNotFoundError)
        for details in (foreign.details, unknown.details):
            details.pop("request_id")
        expect_equal(foreign.details, unknown.details)
        await expect_error(app.revoke_grant(grant_id), GrantNotFoundError)


@check("GrantExpired: at the end of its lifetime")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-short", grant_policy={"default_ttl_seconds": 1})
        await asyncio.sleep(1.1)
        error = await expect_error(call(app, grant_id=grant_id), GrantExpiredError)
        assert isinstance(error, ReAuthRequiredError)
        expect_equal((error.status_code, error.provider_id), (403, "acme"))


@check("GrantRevoked: taken back by the app")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-leaver")
        await app.revoke_grant(grant_id)
        error = await expect_error(call(app, grant_id=grant_id), GrantRevokedError)
        expect_equal(error.grant_id, grant_id)
        await expect_error(app.revoke_grant(grant_id), GrantNotFoundError)


@check("CredentialRevoked: ended at the provider; its repair keeps the grant id")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect(app, "ended")
        await control("revoke-grants", client_id="ended-client")
        await meet_refused_token(grant_id, "ended-client")
        error = await expect_error(call(app, grant_id=grant_id), CredentialRevokedError)
        expect_equal((error.grant_id, error.provider_id), (grant_id, "ended"))
        asked = await count_token_calls("ended-client")
        await expect_error(call(app, grant_id=grant_id), CredentialRevokedError)
        expect_equal(await count_token_calls("ended-client"), asked, "a strict provider is not asked twice")
        session = await app.create_connect_session_for_error(error)
        await drive("open", url=session.connect_url, provider="ended", by="browser")
        [repaired] = await app.poll_connect_session(session.session_token, timeout=20, poll_interval=0.2)
        expect_equal((repaired.grant_id, repaired.operation), (grant_id, "reauth"))
        expect_equal((await call(app, grant_id=grant_id)).status_code, 200)


@check("AmbiguousGrant: identifiers and candidates")
async def _() -> None:
    async with make_app() as app:
        alice = await connect_for(app, "py-two", user="alice")
        bob = await connect_for(app, "py-two", user="bob")
        token = await make_user_token("py-two")
        error = await expect_error(call(app, provider="acme", user_token=token), AmbiguousGrantError)
        expect_equal(error.provider_id, "acme")
        expect_equal(set(error.account_identifiers), {"alice@example.test", "bob@example.test"})
        expect_equal(set(error.grant_ids), {alice, bob})
        expect_equal(
            {(each.grant_id, each.account_identifier) for each in error.candidates},
            {(alice, "alice@example.test"), (bob, "bob@example.test")},
        )
        expect_equal((error.account_was_provided, error.candidates_truncated), (False, False))


@check("ReAuthRequired: a user token that is forged, expired, or meant for others")
async def _() -> None:
    async with make_app() as app:
        for token in (
            await make_user_token("py-mallory", key="unknown"),
            await make_user_token("py-mallory", expires_in_seconds=-600),
            await make_user_token("py-mallory", audience="another-api"),
            "not.a.token",
        ):
            error = await expect_error(call(app, provider="acme", user_token=token), ReAuthRequiredError)
            expect_equal((error.status_code, error.details["error"]), (401, "jwt_validation_error"))
            assert token not in str(error.details)
            await expect_error(
                app.create_connect_session(allowed_providers=["acme"], user_token=token), ReAuthRequiredError
            )
            await expect_error(app.list_grants(end_user_token=token), ReAuthRequiredError)


@check("TokenRefreshInProgress: while the provider's word is not final; then the call succeeds")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect(app, "patient")
        await meet_refused_token(grant_id, "patient-client")
        await control("misbehaviours", kind="error", client_id="patient-client", endpoint="token", times=1)
        error = await expect_error(call(app, grant_id=grant_id), TokenRefreshInProgressError)
        expect_equal((error.grant_id, error.status_code, error.details["retryable"]), (grant_id, 409, True))
        await clear_misbehaviours()
        for _ in range(40):
            try:
                expect_equal((await call(app, grant_id=grant_id)).status_code, 200)
                return
            except AlterSDKError:
                await asyncio.sleep(0.5)
        raise AssertionError("no token 20 s after the provider was well again")


run_checks()
