"""Decides what ``python -m moto_sms_voice`` is: moto's own server, with its own arguments, that knows this backend too."""

from __future__ import annotations

from moto.server import main

from . import install

if __name__ == "__main__":
    install()
    main()
