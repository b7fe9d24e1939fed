"""Refusals by policy, key, host and limit, and errors of provider and network, met by the published client."""

import socket
from datetime import datetime, timezone

from alter_sdk import (
    BackendError,
    BlockedDestinationError,
    InsufficientScopeError,
    InvalidKeyError,
    KeyExpiredError,
    NetworkError,
    PolicyViolationError,
    ProviderAPIError,
    ProviderUnauthorizedError,
    RateLimitError,
    ScopeReauthRequiredError,
)
from alter_sdk.exceptions import TimeoutError as AlterTimeoutError
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


@check("PolicyViolation: at this time, with the time when it passes")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect(app, "closed")
        error = await expect_error(app.request("GET", f"{API}/messages", grant_id=grant_id), PolicyViolationError)
        expect_equal((error.policy_error, error.status_code), ("time_window", 403))
        expect_equal(error.details["rule_name"], "closed days")
        retry_at = datetime.fromisoformat(error.details["retry_at"].replace("Z", "+00:00"))
        assert retry_at > datetime.now(timezone.utc), retry_at


@check("PolicyViolation: from this address")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect(app, "fenced")
        error = await expect_error(app.request("GET", f"{API}/messages", grant_id=grant_id), PolicyViolationError)
        expect_equal((error.policy_error, error.details["observed"]), ("ip_allowlist", {"address": "127.0.0.1"}))


@check("BlockedDestination: a host that the provider entry does not name")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect(app)
        for url in ("https://elsewhere.example/", API.replace("127.0.0.1", "localhost"), "https://127.0.0.1:1/"):
            error = await expect_error(app.request("GET", url, grant_id=grant_id), BlockedDestinationError)
            assert error.details["request_id"], error.details


@check("InsufficientScope: what the key has, needs and lacks")
async def _() -> None:
    async with make_app("narrow") as app:
        request = app.request("GET", f"{API}/messages", grant_id="0190a2f4-7c11-7000-8000-00000000abcd")
        error = await expect_error(request, InsufficientScopeError)
        expect_equal(
            (error.required, error.granted, error.missing),
            (["tokens:retrieve"], ["connect:initiate"], ["tokens:retrieve"]),
        )
        assert error.documentation_url.endswith("/docs/errors/insufficient_scope"), error.documentation_url
        await expect_error(app.list_grants(), InsufficientScopeError)
        await expect_error(app.oauth_providers.list(), InsufficientScopeError)


@check("InvalidKey")
async def _() -> None:
    async with make_app("unknown") as app:
        error = await expect_error(app.list_grants(), InvalidKeyError)
        expect_equal((error.code, error.status_code), ("invalid_key", 401))


@check("KeyExpired")
async def _() -> None:
    async with make_app("expired") as app:
        error = await expect_error(app.list_grants(), KeyExpiredError)
        expect_equal((error.code, error.status_code), ("key_expired", 401))


@check("Backend: a provider that is not configured")
async def _() -> None:
    async with make_app() as app:
        error = await expect_error(app.create_connect_session(allowed_providers=["unset"]), BackendError)
        assert "not configured" in str(error), error
        expect_equal((error.status_code, error.details["error"]), (409, "provider_not_configured"))
        await expect_error(app.request("GET", f"{API}/messages", provider="unset"), BackendError)


@check("Backend: the breaker of a provider configuration is open")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect(app, "broken")
        await control("clients/rotate-secret", client_id="broken-client", client_secret="another-secret")
        await control("expire-access-tokens", client_id="broken-client")
        async with make_app() as first:
            await expect_error(first.request("GET", f"{API}/messages", grant_id=grant_id), ProviderUnauthorizedError)
        for round in range(2):
            error = await expect_error(app.request("GET", f"{API}/messages", grant_id=grant_id), BackendError)
            expect_equal(
                (error.status_code, error.details["error"], error.details["retryable"]),
                (503, "provider_configuration_unavailable", True),
            )
            assert error.details["retry_after_seconds"] >= 1, error.details
            if round == 0:
                asked = await count_token_calls("broken-client")
        expect_equal(await count_token_calls("broken-client"), asked, "calls at the provider")


@check("RateLimit: a flood of refused calls")
async def _() -> None:
    url = (await drive("flood"))["url"]
    async with make_app("unknown", base_url=url) as app:
        error = await expect_error(app.list_grants(), RateLimitError)
        assert 1 <= error.retry_after <= 60, error.retry_after
        expect_equal((error.scope, error.window_seconds), ("ip", 60))
        assert error.limit > 0


@check("ProviderAPI: status and body of the provider")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect(app)
        error = await expect_error(app.request("GET", f"{API}/status/418", grant_id=grant_id), ProviderAPIError)
        expect_equal((error.status_code, error.response_body), (418, '{"status":418}'))


@check("ProviderUnauthorized: the next call has a new token")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-refused", "busy")
        await control("expire-access-tokens", client_id="busy-client")
        async with make_app() as first:
            error = await expect_error(
                first.request("GET", f"{API}/messages", grant_id=grant_id), ProviderUnauthorizedError
            )
            expect_equal(error.status_code, 401)
        expect_equal((await app.request("GET", f"{API}/messages", grant_id=grant_id)).status_code, 200)


@check("ScopeReauthRequired: by the challenge of the provider, then by the flag of the vault")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-scoped")
        async with make_app() as first:
            error = await expect_error(
                first.request("GET", f"{API}/scoped/messages.write", grant_id=grant_id), ScopeReauthRequiredError
            )
            expect_equal(error.details["source"], "provider_insufficient_scope")
            expect_equal(list(error.missing_scopes), ["messages.write"])
        error = await expect_error(
            app.request("GET", f"{API}/messages", grant_id=grant_id), ScopeReauthRequiredError
        )
        expect_equal(
            (error.details["source"], error.grant_id, error.provider_id), ("backend_flag", grant_id, "acme")
        )
        token = await make_user_token("py-scoped")
        [grant] = (await app.list_grants(end_user_token=token)).grants
        assert grant.scope_mismatch
        expect_equal(await connect_for(app, "py-scoped"), grant_id)
        expect_equal((await app.request("GET", f"{API}/messages", grant_id=grant_id)).status_code, 200)


@check("Network: the provider cuts the connection; nobody listens at the vault")
async def _() -> None:
    async with make_app() as app:
        grant_id = await connect_for(app, "py-cut")
        await control("misbehaviours", kind="cut", endpoint="api")
        await expect_error(app.request("GET", f"{API}/messages", grant_id=grant_id), NetworkError)
        await clear_misbehaviours()
    outcomes = [r for r in (await drive("records", grant_id=grant_id))["records"] if r["kind"] == "access.outcome"]
    expect_equal([r["status"] for r in outcomes], [0])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with make_app(base_url=f"http://127.0.0.1:{port}") as app:
        await expect_error(app.list_grants(), NetworkError)


@check("Timeout: the provider is slower than the caller waits")
async def _() -> None:
    async with make_app(timeout=2.0) as app:
        grant_id = await connect_for(app, "py-slow")
        await expect_error(app.request("GET", f"{API}/slow?ms=8000", grant_id=grant_id), AlterTimeoutError)


run_checks()
