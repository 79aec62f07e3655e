"""``python -m moto_sms_voice``: moto's server, with moto's arguments and this backend."""

from __future__ import annotations

from moto.server import main

from . import install

if __name__ == "__main__":
    install()
    main()
