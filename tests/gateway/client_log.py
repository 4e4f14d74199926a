# SPDX-License-Identifier: Apache-2.0
"""What each release of the client asks for, action by action, as the gateway saw it."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.clients import Action, Client, Watched, do
from gateway.town import GATED, HIDDEN, OPEN, WEIGHTS

TABLE = Path(__file__).with_name("requests_of_clients.json")
"""From the release of the client to the action to first lines of requests."""
ACTIONS: dict[str, Action] = {
    "whoami": do("whoami"),
    "auth_check": do("auth_check", GATED),
    "hf_hub_download": do("download", GATED, WEIGHTS),
    "hf_hub_download, what is not there": do("download", GATED, "absent.txt"),
    "hf_hub_download, without a grant": do("download", GATED, "config.json", who="nora"),
    "hf_hub_download, hidden": do("download", HIDDEN, "config.json"),
    "snapshot_download": do("snapshot", OPEN),
    "snapshot_download, again": do("snapshot", OPEN),
    "verify_repo_checksums": do("verify", OPEN),
    "model_info": do("info", GATED),
    "model_info with sizes": do("info", GATED, files_metadata=True),
    "list_repo_files": do("list_files", GATED),
    "list_repo_refs": do("refs", GATED),
    "get_paths_info": do("paths", GATED, "config.json"),
    "list_models": do("models", limit=2),
    "HfFileSystem.ls": do("fs_files", GATED),
    "HfFileSystem.cat_file": do("fs_read", f"{GATED}/config.json"),
    "HfFileSystem.cat_file, part": do("fs_read", f"{GATED}/{WEIGHTS}", 10, 2000),
    "HfFileSystem.open": do("fs_seek", f"{GATED}/{WEIGHTS}", 5000, 1000),
    "list_pending_access_requests": do("requests", GATED, "pending", who="anna"),
    "accept_access_request": do("accept", GATED, "nobody", who="anna"),
    "grant_access": do("grant", GATED, "nobody", who="anna"),
}
"""Actions, in this order in one process."""
_ONCE = "GET /api/agent-harnesses"
"""Asked for by some releases before anything else, whatever that is."""


def requests_of(client: Client, town: Watched) -> dict[str, list[str]]:
    """Do every action, and return what was asked for."""
    client.run(town, *ACTIONS.values(), who="gwen")
    found = client.requests(town)
    return {
        name: [line for line in lines if line != _ONCE]
        for name, lines in zip(ACTIONS, found, strict=True)
    }


def golden() -> dict[str, dict[str, list[str]]]:
    """Return the table."""
    found: dict[str, dict[str, list[str]]] = json.loads(TABLE.read_text())
    return found
