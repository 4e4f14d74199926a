# SPDX-License-Identifier: Apache-2.0
"""What a log calls the model that it ran, without where it is kept or how one enters."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_LOCAL = re.compile(r"(?:[A-Za-z]:)?[\\/]|\.{1,2}[\\/]|~")


def name_alone(name: str) -> str:
    r"""Return the last part of a folder, an address without secrets, and other names as they are.

    >>> name_alone("/home/somebody/my model/"), name_alone(r"C:\models\m"), name_alone("org/model")
    ('my model', 'm', 'org/model')
    >>> name_alone("https://user:key@host.example/v1?key=1")
    'https://host.example/v1'
    """
    if _LOCAL.match(name):
        return re.split(r"[\\/]", name.rstrip("\\/"))[-1]
    scheme, has_scheme, rest = name.partition("://")
    if not has_scheme:
        return name
    try:
        parts = urlsplit(f"//{rest}")
    except ValueError:
        return scheme
    return f"{scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
