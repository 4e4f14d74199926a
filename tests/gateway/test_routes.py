# SPDX-License-Identifier: Apache-2.0
"""Every route has a guard, and only one that asks for the right to the bytes can send any."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.town import GATED, Town, has_weights
from tiergate import gateway
from tiergate.gateway.guards import Guard
from tiergate.gateway.hub import ROUTES, Hub
from tiergate.gateway.targets import Kind, read_target

SOURCE = Path(str(gateway.__file__)).parent
_API = f"/api/models/{GATED}"
_LFS = f"/{GATED}.git/info/lfs"
PATHS: dict[Kind, str] = {
    Kind.LIST: "/api/models",
    Kind.DATA_LIST: "/api/datasets",
    Kind.INFO: _API,
    Kind.TREE: f"{_API}/tree/main",
    Kind.REFS: f"{_API}/refs",
    Kind.PATHS_INFO: f"{_API}/paths-info/main",
    Kind.AUTH_CHECK: f"{_API}/auth-check",
    Kind.WHOAMI: "/api/whoami-v2",
    Kind.REQUESTS: f"{_API}/user-access-request/pending",
    Kind.HANDLE: f"{_API}/user-access-request/handle",
    Kind.GRANT: f"{_API}/user-access-request/grant",
    Kind.BATCH: f"{_API}/user-access-request/batch",
    Kind.CANCEL: f"{_API}/user-access-request/cancel",
    Kind.ASK: f"/{GATED}/ask-access",
    Kind.FRONT: "/",
    Kind.PAGE: f"/{GATED}",
    Kind.DESK: "/-/login",
    Kind.FILE: f"/{GATED}/resolve/main/model.safetensors",
    Kind.CREATE: "/api/repos/create",
    Kind.VALIDATE: "/api/validate-yaml",
    Kind.PREUPLOAD: f"{_API}/preupload/main",
    Kind.COMMIT: f"{_API}/commit/main",
    Kind.XET_TOKEN: f"{_API}/xet-write-token/main",
    Kind.LFS_BATCH: f"{_LFS}/objects/batch",
    Kind.LFS_OBJECT: f"{_LFS}/objects/a/b/c/d/e",
    Kind.LFS_VERIFY: f"{_LFS}/verify",
    Kind.DEVICE: "/oauth/device",
    Kind.EXCHANGE: "/oauth/token",
    Kind.LATER: f"{_API}/discussions",
}
"""A path of every route."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def test_that_every_kind_of_target_has_a_route_and_a_guard() -> None:
    assert set(ROUTES) == set(Kind)
    for kind, route in ROUTES.items():
        assert isinstance(route.guard, Guard), kind
        assert route.methods, kind


def test_that_each_of_these_paths_is_of_its_kind() -> None:
    assert set(PATHS) == set(Kind)
    for kind, path in PATHS.items():
        target = read_target(path.encode())

        assert target is not None
        assert target.kind is kind


_SENDS = {"Delivery", "FileResponse", "StreamingResponse", "temporary_url"}


def _senders() -> Iterator[str]:
    """Yield the functions of the gateway that can make an answer with bytes of a file."""
    for module in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _can_send(node):
                yield f"{module.stem}.{node.name}"


def _can_send(function: ast.AST) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name in _SENDS:
                return True
        if isinstance(node, ast.Constant) and "x-accel" in str(node.value).lower():
            return True
    return False


def test_that_only_one_handler_can_send_bytes_and_its_routes_ask_for_the_right_to_them() -> None:
    assert list(_senders()) == ["hub.file"]
    of_files = {kind for kind, route in ROUTES.items() if route.handler is Hub.file}

    assert of_files == {Kind.FILE}
    assert {ROUTES[kind].guard for kind in of_files} == {Guard.HAVE}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = Town(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    with found.served():
        yield found
    found.house.close()


@pytest.mark.parametrize("kind", PATHS)
def test_that_no_method_brings_bytes_out_to_somebody_without_a_grant(
    kind: Kind, town: Town
) -> None:
    for who in ("", "nora", "anna"):
        for method in METHODS:
            found = town.ask(PATHS[kind], method=method, who=who, body=b"{}")

            assert not has_weights(found.body)
            assert "etag" not in found.headers
            assert found.status < 500 or found.status == 501


def test_that_only_the_route_of_files_brings_bytes_out_to_somebody_with_a_grant(
    town: Town,
) -> None:
    found = {
        kind
        for kind, path in PATHS.items()
        for method in METHODS
        if has_weights(town.ask(path, method=method, who="gwen", body=b"{}").body)
    }

    assert found == {Kind.FILE}
