"""Where the checks run: the vault, the emulated provider and IDP, and the driver that has a browser."""

import json
import os
from typing import Any

import httpx
from alter_sdk import App

_facts: dict[str, Any] = json.loads(os.environ["ALTER_CLIENT_PLACE"])
VAULT: str = _facts["vault"]
PROVIDER: str = _facts["provider"]
API: str = PROVIDER + "/api"
KEY_SERVICE: str = _facts["keyService"]
# What the service must find of each managed secret, by its slug.
EXPECTED: dict[str, dict[str, Any]] = _facts["expected"]
KEYS: dict[str, str] = _facts["keys"]


def make_app(key: str = "backend", *, base_url: str = VAULT, **options: Any) -> App:
    """A client with the key of this name; the environment is the only way to tell it the address."""
    os.environ["ALTER_BASE_URL"] = base_url
    return App(api_key=KEYS[key], **options)


async def _post(url: str, body: dict[str, Any]) -> Any:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        response = await client.post(url, json=body)
        assert response.status_code < 300, f"{url}: {response.status_code} {response.text}"
        return response.json()


async def drive(action: str, **body: Any) -> Any:
    """Asks the driver: `open` a link in the browser, `enter` a key, read the `records` of a grant, `flood` a vault of its own."""
    return await _post(f"{_facts['driver']}/{action}", body)


async def control(call: str, **body: Any) -> Any:
    """The emulated provider's own control."""
    return await _post(f"{PROVIDER}/__emulator/{call}", body)


async def clear_misbehaviours() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.delete(f"{PROVIDER}/__emulator/misbehaviours")).raise_for_status()


async def make_user_token(subject: str, **more: Any) -> str:
    answer = await _post(
        f"{_facts['idp']}/__emulator/user-tokens",
        {"subject": subject, "audience": "demo-api", "email": f"{subject}@example.test", **more},
    )
    return answer["token"]


async def count_token_calls(client_id: str) -> int:
    """How often the provider's token endpoint was asked by this client."""
    async with httpx.AsyncClient(trust_env=False) as client:
        query = {"event": "presented", "endpoint": "token"}
        events = (await client.get(f"{PROVIDER}/__emulator/log", params=query)).json()
    lines = events["events"] if isinstance(events, dict) else events
    return sum(1 for line in lines if line.get("client_id") == client_id)


async def connect(
    app: App, provider: str = "acme", *, user: str = "alice", by: str = "http", **session: Any
) -> str:
    """Connects an account through `app` and gives its grant id."""
    made = await app.create_connect_session(allowed_providers=[provider], **session)
    await drive("open", url=made.connect_url, provider=provider, user=user, by=by)
    results = await app.poll_connect_session(made.session_token, timeout=20, poll_interval=0.2)
    assert len(results) == 1, results
    return results[0].grant_id


async def connect_for(app: App, subject: str, provider: str = "acme", *, user: str = "alice", **session: Any) -> str:
    """The same for a user of the app."""
    token = await make_user_token(subject)
    return await connect(app, provider, user=user, user_token=token, **session)
