# SPDX-License-Identifier: Apache-2.0
"""A gateway at an address that is known before it is served, with an issuer that people use."""

from __future__ import annotations

import socket
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from gateway.issuer import CLIENT, SECRET, Issuer
from gateway.visitor import Visitor
from gateway_site import Answer, Site
from tiergate.gateway.login_file import CiPart, LoginRules, ProviderPart

CI = {"repository": "acme/training", "ref": "refs/heads/main"}
"""What a job of a CI has to be."""


def a_site(folder: Path, issuer: Issuer, **wished: object) -> Site:
    """Make a gateway with a provider named ``test`` and a rule for jobs named ``job``.

    Args:
        folder: where it lives.
        issuer: who vouches for people and jobs.
        wished: fields of the provider that are otherwise than usual.
    """
    folder.mkdir(exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    fields: dict[str, object] = {
        "name": "test",
        "label": "Test",
        "issuer": issuer.url,
        "client_id": CLIENT,
        "makes_accounts": True,
    }
    rule = CiPart.model_validate(
        {
            "name": "job",
            "issuer": issuer.url,
            "audience": url,
            "account": "ci",
            "claims": CI,
            "scopes": ["read", "publish"],
            "repositories": ["acme/gated", "acme/new"],
        }
    )
    part = ProviderPart.model_validate({**fields, **wished})
    login = LoginRules(
        providers=MappingProxyType({"test": part}),
        secrets=MappingProxyType({"test": SECRET}),
        ci=(rule,),
    )
    return Site(folder=folder, url=url, at_port=port, login=login)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def gone(visitor: Visitor, path: str = "/-/oidc/test") -> str:
    """Begin a login, and return the address at the issuer."""
    answer = visitor.get(path)
    assert answer.status == 303, answer.body
    return answer.headers["location"]


def come_back(visitor: Visitor, address: str) -> Answer:
    """Come back to an address of the gateway."""
    parts = urlsplit(address)
    return visitor.get(f"{parts.path}?{parts.query}")


def log_in_at(visitor: Visitor, issuer: Issuer, path: str = "/-/oidc/test") -> Answer:
    """Log in at the issuer."""
    return come_back(visitor, issuer.allow(gone(visitor, path)))
