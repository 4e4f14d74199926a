# SPDX-License-Identifier: Apache-2.0
"""``tiergate push`` against a running gateway."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cli_runner import Run, run
from gateway.publishing_site import NEW, Publishing, contents, program
from gateway.test_behind_nginx import NGINX, in_front_of
from gateway.town import a_model
from tiergate.cli import progress
from tiergate.gateway.guards import Parts
from tiergate.model.checkpoint import identify


class Hindered(Publishing):
    """A gateway in whose way something can be put."""

    before_put: threading.Event | None = None
    """Uploads wait for it, from the second one on."""
    faults: int = 0
    """Uploads that are cut off from now on."""
    changed: bytes = b""
    """What is read in place of a commit; empty for what was sent."""
    happens: Callable[[], object] | None = None
    """What happens once, before the next answer about where to upload."""
    refused_links: int = 0
    """Uploads that are refused from now on as if their links had ended."""

    def application(self, parts: Parts) -> ASGIApp:
        """Return what is served."""
        inner = super().application(parts)

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["method"] == "PUT":
                if self.refused_links:
                    self.refused_links -= 1
                    scope = {**scope, "raw_path": scope["raw_path"] + b"0"}
                if self.faults:
                    self.faults -= 1
                    raise ConnectionError("cut off")
                if self.before_put is not None and self.puts():
                    await asyncio.to_thread(self.before_put.wait)
            if scope["type"] == "http" and scope["path"].endswith("/batch") and self.happens:
                happens, self.happens = self.happens, None
                happens()
            is_commit = scope["type"] == "http" and "/commit/" in scope["path"]
            await inner(
                scope, self._other(receive) if is_commit and self.changed else receive, send
            )

        return served

    def _other(self, receive: Receive) -> Receive:
        async def other() -> Message:
            while (await receive()).get("more_body"):
                pass
            return {"type": "http.request", "body": self.changed, "more_body": False}

        return other

    def puts(self) -> int:
        """Return how many uploads have begun."""
        return sum(line.startswith("PUT") for line in self.seen)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Hindered]:
    found = Hindered(folder=tmp_path)
    found.settle()
    a_model(tmp_path / "model")
    with found.served():
        yield found
    found.house.close()


def arguments(site: Publishing, *options: str, repository: str = NEW) -> list[str]:
    """Return the command line."""
    to = ["--to", f"http://127.0.0.1:{site.port}", "--repository", repository]
    return [*program(), "push", str(site.folder / "model"), *to, *options]


def variables(site: Publishing, **given: str) -> dict[str, str]:
    """Return the environment."""
    home = {"PATH": os.environ["PATH"], "HOME": str(site.folder), "NO_PROXY": "127.0.0.1"}
    return {**home, **(given or {"TIERGATE_TOKEN": site.tokens["pia"]})}


def push(
    site: Publishing, *options: str, repository: str = NEW, model: str = "", **given: str
) -> Run:
    """Push the model, in this process."""
    words = arguments(site, *options, repository=repository)[len(program()) :]
    words[1] = model or words[1]
    with patch.dict(os.environ, variables(site, **given), clear=True):
        return run(*words)


def test_that_a_pushed_folder_has_the_name_that_its_digest_gives(site: Hindered) -> None:
    done = push(site)
    checkpoint = identify(site.folder / "model")
    commit = checkpoint.root_digest[7:47]

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"{NEW} at {commit}",
        f"  root digest {checkpoint.root_digest}",
        "  files       4, of which 4 were sent",
        "  release     acme--new",
    ]
    assert site.house.catalogue.branches(NEW) == {"main": commit}


def test_that_pushing_again_sends_nothing_and_pushing_a_change_sends_the_change(
    site: Hindered,
) -> None:
    push(site)
    again = push(site)
    (site.folder / "model" / "extra" / "notes.txt").write_text("Another line.\n")
    (site.folder / "model" / "README.md").unlink()
    changed = push(site, HF_TOKEN=site.tokens["paul"])

    assert "of which 0 were sent" in again.out
    assert "files       3, of which 1 were sent" in changed.out
    commit = identify(site.folder / "model").root_digest[7:47]
    assert site.house.catalogue.branches(NEW) == {"main": commit}


def test_that_a_single_weights_file_can_be_pushed(site: Hindered) -> None:
    path = site.folder / "model" / "model.safetensors"
    done = push(site, model=str(path))

    assert done.code == 0, done.err
    assert identify(path).root_digest in done.out


def test_that_a_push_that_was_killed_goes_on_where_it_was(site: Hindered) -> None:
    site.before_put = threading.Event()
    running = subprocess.Popen(
        arguments(site), env=variables(site), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(600):
        sizes = site.house.uploads.sizes(NEW, "pia")
        if len(sizes) == 1:
            break
        time.sleep(0.05)
    running.kill()
    running.wait()
    site.before_put.set()
    for _ in range(100):
        if not list((site.folder / "gateway" / "objects" / "incoming").iterdir()):
            break
        time.sleep(0.05)
    there = len(site.house.uploads.sizes(NEW, "pia"))
    done = push(site)

    assert running.returncode == -9
    assert 1 <= there < 4
    assert f"of which {4 - there} were sent" in done.out
    assert identify(site.folder / "model").root_digest in done.out


def test_that_an_upload_that_is_cut_off_is_tried_again(site: Hindered) -> None:
    site.faults = 1
    done = push(site)

    assert done.code == 0, done.err
    assert "of which 4 were sent" in done.out


def test_that_a_gateway_with_other_files_than_here_fails_verification(site: Hindered) -> None:
    site.changed = b'{"key":"file","value":{"path":"a","content":"eA==","encoding":"base64"}}'
    done = push(site)

    assert done.code == 5
    assert "Do not submit it" in done.err


@pytest.mark.parametrize(
    ("given", "repository", "said"),
    [
        ({"HF_TOKEN": ""}, NEW, "no TIERGATE_TOKEN and no HF_TOKEN"),
        ({"HF_TOKEN": "hf_nobody"}, NEW, "Log in with the token"),
        ({"HF_TOKEN": "<nora>"}, NEW, "You may not publish here"),
        ({"HF_TOKEN": "<una>"}, NEW, "You may not publish here"),
        ({"HF_TOKEN": "a\nb"}, NEW, "signs that no header can carry"),
        ({"HF_TOKEN": "<pia>"}, "acme/a--b", "A repository cannot be named so"),
        ({"HF_TOKEN": "<pia>"}, "acme", "A repository cannot be named so"),
    ],
)
def test_that_a_push_is_refused(
    given: dict[str, str], repository: str, said: str, site: Hindered
) -> None:
    before = site.kept()
    tokens = {f"<{name}>": token for name, token in site.tokens.items()}
    named = {name: tokens.get(value, value) for name, value in given.items()}
    done = push(site, repository=repository, **named)

    assert done.code == 4
    assert said in done.err
    assert "Traceback" not in done.err
    assert site.kept() == before


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hub.example", "https"),
        ("ftp://127.0.0.1", "an address"),
        ("hub.example", "an address"),
        ("http://pia:secret@127.0.0.1", "an address"),
        ("http://127.0.0.1:1?x=y", "an address"),
        ("http://127.0.0.1:99999", "an address"),
        ("http://[::1", "an address"),
        ("http://127.0.0.1:9", "a gateway that answers"),
    ],
)
def test_that_an_address_cannot_be_used(url: str, said: str, site: Hindered) -> None:
    done = push(site, "--to", url)

    assert done.code == 4
    assert said in done.err
    assert "Traceback" not in done.err


def test_that_a_folder_that_is_not_there_is_not_looked_for_on_a_hub(site: Hindered) -> None:
    done = push(site, model="acme/model")

    assert done.code == 4
    assert "no such path" in done.err


def test_that_what_was_pushed_is_what_was_there(site: Hindered) -> None:
    push(site)
    files = contents(site.folder / "model")
    revision = site.house.catalogue.revision(NEW, "main")

    assert revision is not None
    for path, entry in revision.files.items():
        assert site.house.objects.place_of(entry.sha256).read_bytes() == files[path]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["person", "x", "--namespace", "acme"], "the role publisher beside it"),
        (
            ["person", "x", "--role", "publisher", "--namespace", "a/b"],
            "a name as acme in acme/model",
        ),
        (["offer", "acme", "--release", "x"], "a name as in org/name"),
    ],
)
def test_that_an_operator_is_told_what_cannot_be(
    words: list[str], said: str, site: Hindered
) -> None:
    done = run("gateway", *words, "--folder", site.folder / "gateway")

    assert done.code == 4
    assert said in done.err


def test_that_somebody_whom_the_operator_lets_publish_does(site: Hindered) -> None:
    def gateway(*words: str) -> str:
        done = run("gateway", *words, "--folder", site.folder / "gateway")
        assert done.code == 0, done.err
        return done.out.strip()

    gateway("offer", "lab/model", "--release", "chosen", "--exclude", "DE")
    gateway("person", "lara", "--role", "publisher", "--namespace", "lab")
    done = push(site, repository="lab/model", HF_TOKEN=gateway("token", "lara"))
    repository = site.house.catalogue.repository("lab/model")

    assert (done.code, done.err) == (0, "")
    assert "release     chosen" in done.out
    assert repository is not None
    assert repository.excluded == {"DE"}


def shorten(path: Path) -> None:
    """Take the last byte off."""
    path.write_bytes(path.read_bytes()[:-1])


CHANGES: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "shorter": (shorten, 5, "another length than before"),
    "longer": (lambda path: path.write_bytes(path.read_bytes() + b"x"), 5, "another length"),
    "other": (lambda path: path.write_bytes(bytes(path.stat().st_size)), 5, "does not take"),
    "gone": (Path.unlink, 4, "cannot be read"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_that_a_file_that_changes_meanwhile_is_not_committed(how: str, site: Hindered) -> None:
    change, code, said = CHANGES[how]
    path = site.folder / "model" / "model.safetensors"
    site.happens = lambda: change(path)
    done = push(site)

    assert done.code == code
    assert said in done.err
    assert "model.safetensors" in done.err
    assert site.house.catalogue.branches(NEW) == {}


def test_that_a_link_that_has_ended_is_replaced(site: Hindered) -> None:
    site.refused_links = 1
    done = push(site)

    assert (done.code, done.err) == (0, "")


def test_that_a_push_ends_when_its_account_is_disabled(site: Hindered) -> None:
    site.happens = lambda: site.house.accounts.disable("pia", site.now)
    done = push(site)

    assert done.code == 4
    assert "Log in with the token" in done.err


def test_that_a_push_gives_up_after_some_faults(
    site: Hindered, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("tiergate.cli.pushing.time.sleep", waited.append)
    site.faults = 100
    done = push(site)

    assert done.code == 4
    assert "what has arrived is not sent again" in done.err
    assert [seconds for seconds in waited if seconds >= 1] == [1.0, 4.0, 15.0]


def test_that_a_file_that_the_gateway_does_not_take_ends_a_push(
    site: Hindered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiergate.gateway.publishing.LARGEST_OBJECT_BYTES", 1000)
    done = push(site)

    assert done.code == 4
    assert "put it in shards" in done.err


class Terminal(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


def test_that_a_terminal_shows_how_much_is_sent() -> None:
    terminal = Terminal()
    with contextlib.redirect_stderr(terminal), progress.sending(2000) as on_bytes:
        on_bytes(2000)

    assert "sending" in terminal.getvalue()


@pytest.mark.skipif(NGINX is None, reason="no nginx is installed")
def test_that_uploads_go_through_the_shipped_nginx(site: Hindered) -> None:
    a_model(site.folder / "large", length=3 << 20)
    with in_front_of(site):
        done = push(site, model=str(site.folder / "large"))

    assert (done.code, done.err) == (0, "")
    assert identify(site.folder / "large").root_digest in done.out
