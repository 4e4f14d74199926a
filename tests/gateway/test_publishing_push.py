# SPDX-License-Identifier: Apache-2.0
"""``tiergate push`` against a running gateway."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.publishing_site import NEW, Publishing, contents, program
from gateway.town import a_model
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

    def application(self, parts: Parts) -> ASGIApp:
        """Return what is served."""
        inner = super().application(parts)

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["method"] == "PUT":
                if self.faults:
                    self.faults -= 1
                    raise ConnectionError("cut off")
                if self.before_put is not None and self.puts():
                    while not self.before_put.is_set():
                        await asyncio.sleep(0.01)
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
    site: Publishing, *options: str, repository: str = NEW, **given: str
) -> subprocess.CompletedProcess[str]:
    """Push the model."""
    return subprocess.run(
        arguments(site, *options, repository=repository),
        env=variables(site, **given),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_that_a_pushed_folder_has_the_name_that_its_digest_gives(site: Hindered) -> None:
    done = push(site)
    checkpoint = identify(site.folder / "model")
    commit = checkpoint.root_digest[7:47]

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
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

    assert "of which 0 were sent" in again.stdout
    assert "files       3, of which 1 were sent" in changed.stdout
    commit = identify(site.folder / "model").root_digest[7:47]
    assert site.house.catalogue.branches(NEW) == {"main": commit}


def test_that_a_single_weights_file_can_be_pushed(site: Hindered) -> None:
    path = site.folder / "model" / "model.safetensors"
    words = [str(path) if word == str(site.folder / "model") else word for word in arguments(site)]
    done = subprocess.run(
        words, env=variables(site), capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert identify(path).root_digest in done.stdout


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
    assert f"of which {4 - there} were sent" in done.stdout
    assert identify(site.folder / "model").root_digest in done.stdout


def test_that_an_upload_that_is_cut_off_is_tried_again(site: Hindered) -> None:
    site.faults = 1
    done = push(site)

    assert done.returncode == 0, done.stderr
    assert "of which 4 were sent" in done.stdout


def test_that_a_gateway_with_other_files_than_here_fails_verification(site: Hindered) -> None:
    site.changed = b'{"key":"file","value":{"path":"a","content":"eA==","encoding":"base64"}}'
    done = push(site)

    assert done.returncode == 5
    assert "Do not submit it" in done.stderr


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

    assert done.returncode == 4
    assert said in done.stderr
    assert "Traceback" not in done.stderr
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

    assert done.returncode == 4
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_that_a_folder_that_is_not_there_is_not_looked_for_on_a_hub(site: Hindered) -> None:
    words = [
        "acme/model" if word == str(site.folder / "model") else word for word in arguments(site)
    ]
    done = subprocess.run(
        words, env=variables(site), capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 4
    assert "no such path" in done.stderr


def test_that_what_was_pushed_is_what_was_there(site: Hindered) -> None:
    push(site)
    files = contents(site.folder / "model")
    revision = site.house.catalogue.revision(NEW, "main")

    assert revision is not None
    for path, entry in revision.files.items():
        assert site.house.objects.place_of(entry.sha256).read_bytes() == files[path]
